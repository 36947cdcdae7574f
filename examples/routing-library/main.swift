import Routing
import RoutingConfig

let rules = #"""
    rules:
      - name: saas
        host: '~(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<host>[0-9]{2})\.test\.priv'
        to: 'host_${host}:9000'
    """#
let table = try ConfigurationLoader.load(text: rules).table
let host = try HostName("wordpress_container001_01.test.priv:8080")
print(table.decide(host: host, target: "/", client: IPAddress(v4: 0x7F00_0001)))
