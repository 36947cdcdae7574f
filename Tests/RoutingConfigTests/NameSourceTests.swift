import Foundation
import Routing
import RoutingConfig
import Settings
import Testing

@Suite struct NameSourceTests {
    private func names(_ yaml: String) throws -> [NameSourceSettings] {
        let text = "rules: [{ name: all, to: a }]\nnames:\n" + yaml
        return try ConfigurationLoader.load(text: text, file: "rules/front.yaml").names
    }

    @Test func `Every source may be left empty but etcd, and then has its defaults`() throws {
        let names = try names("  - containers:\n  - dns: {}\n  - system: ~\n")
        guard case .containers(let containers, _) = names[0], case .dns(let dns, let servers, _) = names[1],
            case .system(let system, let origin) = names[2]
        else {
            Issue.record("\(names)")
            return
        }
        #expect(
            containers == ContainersSettings() && dns == DNSSettings() && servers == nil
                && system == SystemNamesSettings()
        )
        #expect(origin.line == 5)
    }

    @Test func `All keys are taken over, and paths count from the rule file's folder`() throws {
        let names = try names(
            """
              - etcd: { endpoints: ['http://10.0.0.1:2379', 'https://etcd.test.priv:2379/'], prefix: /x, user: me,
                        password_file: secret, ca: /etc/ca.pem, cert: me.pem, key: me.key, max_stale: 1h, control: /c }
              - containers: { socket: 'unix:///run/podman.sock', network: web, max_stale: 5m }
              - dns: { servers: [127.0.0.1, '[::1]:5353'], search: [test.priv], srv: _HTTP._tcp, min_ttl: 0, max_ttl: 5m,
                       negative_ttl: 1s, timeout: 500ms, attempts: 3, max_stale: 0 }
              - system: { threads: 2, ttl: 10s, negative_ttl: 2s, timeout: 3s, max_stale: 5m, witness: NIS.test.priv }
            """
        )
        guard case .etcd(let etcd, _) = names[0], case .containers(let containers, _) = names[1],
            case .dns(let dns, let servers, _) = names[2], case .system(let system, _) = names[3]
        else {
            Issue.record("\(names)")
            return
        }
        #expect(etcd.cluster.endpoints == ["http://10.0.0.1:2379", "https://etcd.test.priv:2379"])
        #expect(
            etcd.cluster.prefix == "/x/" && etcd.cluster.user == "me"
                && etcd.cluster.passwordFile == "rules/secret"
        )
        #expect(
            etcd.cluster.ca == "/etc/ca.pem" && etcd.cluster.certificate == "rules/me.pem"
                && etcd.cluster.key == "rules/me.key"
        )
        #expect(etcd.maxStale == .seconds(3600) && etcd.control == "/c/")
        #expect(
            etcd.controlCluster?.prefix == "/c/" && etcd.controlCluster?.endpoints == etcd.cluster.endpoints
        )
        #expect(containers.socket == "/run/podman.sock" && containers.network == "web")
        #expect(containers.maxStale == .seconds(300))
        #expect(servers?.map(\.port) == [nil, 5353] && dns.search == ["test.priv"])
        #expect(dns.srv == "_http._tcp" && dns.minTTL == .zero && dns.maxTTL == .seconds(300))
        #expect(dns.negativeTTL == .seconds(1) && dns.timeout == .milliseconds(500))
        #expect(dns.attempts == 3 && dns.maxStale == .zero)
        #expect(system.threads == 2 && system.ttl == .seconds(10) && system.maxStale == .seconds(300))
        #expect(system.timeout == .seconds(3) && system.witness == "nis.test.priv")
    }

    @Test func `Operators' records are followed below a prefix of their own, or not at all`() throws {
        guard case .etcd(let usual, _) = try names("  - etcd: { endpoints: ['http://10.0.0.1:2379'] }")[0],
            case .etcd(let off, _) = try names(
                "  - etcd: { endpoints: ['http://10.0.0.1:2379'], control: off }"
            )[0]
        else {
            Issue.record("there is no etcd source")
            return
        }
        #expect(usual.control == "/berth/control/")
        #expect(off.control == nil && off.controlCluster == nil)
        let error = #expect(throws: ConfigurationFailure.self) {
            try names("  - etcd: { endpoints: ['http://10.0.0.1:2379'], prefix: /x, control: /x/ }")
        }
        #expect(
            error?.diagnostics.map(\.message) == [
                "`etcd.control` and `etcd.prefix` are the same: records are not names"
            ]
        )
    }
}
