import RoutingConfig
import Routing
import Settings
import Testing

@Suite struct LoaderTests {
    static let everything = #"""
        rules:
          - name: saas
            host: '~^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<host>[0-9]{2})\.test\.priv$'
            to: 'host_${host}:9000'
          - name: www
            host: 'www.test.priv'
            path: '/api/'
            methods: [GET, HEAD]
            headers: { X-Beta: '~^(yes|1)$' }
            clients: [10.0.0.0/8, '::1']
            to: 'http://api:8080/base'
            set_headers: { X-App: 'www', X-Uri: '${uri}' }
            remove_headers: [X-Debug]
            rewrite_path: { match: '^/api/(.*)$', with: '/v2/$1' }
            host_header: 'api.internal'
            timeouts: { connect: 500ms, upstream: 2m, downstream: 90 }
            endpoint_networks: [10.0.0.0/8]
            max_body: 1MiB
          - name: old
            host: 'old.test.priv'
            redirect: 'https://new.test.priv${uri}'
            status: 308
          - name: closed
            host: '*.internal.test.priv'
            respond: { status: 403, body: 'closed', content_type: text/plain }
          - name: teapot
            path: '=/tea'
            respond: 418
        names:
          - static: { host_01: 127.0.0.1, Host_02: [10.0.0.2, '10.0.0.3:81', '::1', '[::1]:82'] }
          - hosts_file: hosts
          - hosts_file: /etc/hosts
        trusted_proxies: [10.0.0.0/8]
        limits: { header_block: 16KiB, header_fields: 50, uri: 4KiB, body: 10MiB, idle_per_endpoint: 8, connections: 9, connections_per_client: 3 }
        timeouts:
          client_header: 10s
          connect: 1s
          upstream: 2s
          downstream: 3s
          keep_alive: 0
          idle_upstream: 4s
          tunnel: 2h
        """#

    @Test func `Every key of a rule file is read`() throws {
        let configuration = try ConfigurationLoader.load(text: Self.everything, file: "conf/a.yaml")
        #expect(configuration.table.rules.map(\.name) == ["saas", "www", "old", "closed", "teapot"])
        #expect(configuration.warnings.isEmpty)
        #expect(configuration.files == ["conf/a.yaml"])
        #expect(configuration.trustedProxies == [try #require(CIDR("10.0.0.0/8"))])
        let limits = configuration.limits
        #expect(limits.headBytes == 16384 && limits.fields == 50 && limits.targetBytes == 4096)
        #expect(limits.bodyBytes == 10 << 20 && limits.idlePerEndpoint == 8)
        #expect(limits.connections == 9 && limits.connectionsPerClient == 3)
        let timeouts = configuration.timeouts
        #expect(
            timeouts.header == .seconds(10) && timeouts.connect == .seconds(1)
                && timeouts.upstream == .seconds(2)
        )
        #expect(timeouts.downstream == .seconds(3) && timeouts.keepAlive == .zero)
        #expect(timeouts.idleUpstream == .seconds(4) && timeouts.tunnel == .seconds(7200))
    }

    @Test func `Names are read in their order, and a relative hosts file counts from the rule file`() throws {
        let configuration = try ConfigurationLoader.load(text: Self.everything, file: "conf/a.yaml")
        try #require(configuration.names.count == 3)
        guard case .static(let names, let origin) = configuration.names[0],
            case .hostsFile(let relative, _) = configuration.names[1],
            case .hostsFile(let absolute, _) = configuration.names[2]
        else {
            Issue.record("\(configuration.names)")
            return
        }
        #expect(relative == "conf/hosts" && absolute == "/etc/hosts")
        #expect(origin == SourceLocation(file: "conf/a.yaml", line: 30, column: 5))
        #expect(names.map(\.name) == ["host_01", "host_02"])
        let endpoints = names[1].endpoints.map { "\($0.address) \($0.port.map(String.init) ?? "-")" }
        #expect(endpoints == ["10.0.0.2 -", "10.0.0.3 81", "::1 -", "::1 82"])
    }

    @Test func `What is left out has nginx's defaults`() throws {
        let configuration = try ConfigurationLoader.load(
            text: "rules: [{ name: a, to: 'a:80' }]\nlimits:\nnames:\n"
        )
        #expect(configuration.limits == Limits() && configuration.timeouts == Timeouts())
        #expect(configuration.limits.bodyBytes == nil && configuration.limits.headBytes == 32768)
        #expect(
            configuration.timeouts.header == .seconds(60) && configuration.timeouts.connect == .seconds(5)
        )
        #expect(configuration.names.isEmpty && configuration.trustedProxies.isEmpty)
    }

    @Test func `A body may be unlimited by word, and zero`() throws {
        let text = "rules: [{ name: a, to: 'a:80', max_body: unlimited }]\nlimits: { body: unlimited }"
        #expect(try ConfigurationLoader.load(text: text).limits.bodyBytes == nil)
        let none = "rules: [{ name: a, to: 'a:80' }]\nlimits: { body: 0 }"
        #expect(try ConfigurationLoader.load(text: none).limits.bodyBytes == 0)
    }

    @Test func `A byte order mark and Windows line ends change nothing`() throws {
        let text = "\u{FEFF}" + Self.everything.replacing("\n", with: "\r\n")
        #expect(try ConfigurationLoader.load(text: text).table.rules.count == 5)
    }

    @Test func `Anchors and aliases may be used`() throws {
        let text = """
            rules:
              - { name: a, clients: &inside [10.0.0.0/8], to: &target 'a:80' }
              - { name: b, clients: *inside, to: *target }
            """
        #expect(try ConfigurationLoader.load(text: text).table.rules.count == 2)
    }

    @Test func `A rule knows where it was written`() throws {
        let configuration = try ConfigurationLoader.load(text: Self.everything, file: "conf/a.yaml")
        #expect(
            configuration.table.rules[1].origin == SourceLocation(file: "conf/a.yaml", line: 5, column: 5)
        )
    }
}
