import Operations
import Routing
import RoutingConfig
import Settings
import Testing

@Suite struct EtcdChoiceTests {
    private static func source(_ endpoints: [String], _ prefix: String = "/berth/hosts/")
        -> NameSourceSettings
    {
        var etcd = EtcdSettings()
        etcd.cluster = EtcdCluster(endpoints: endpoints, prefix: prefix)
        return .etcd(etcd, origin: SourceLocation(file: "rules.yaml", line: 1, column: 1))
    }

    private static let sources = [
        source(["http://a:1", "http://a:2"]), source(["http://b:1"]), source(["http://a:2"]),
        source(["http://a:1"], "/berth/containers/"),
    ]

    @Test(
        arguments: [
            (nil, "http://b:1", 1), ("/berth/containers/", nil, 3), ("/berth/containers", nil, 3),
            ("/berth/hosts/", "http://a:1", 0),
        ] as [(String?, String?, Int)]
    )
    func `A source is chosen by its prefix and by its endpoint`(
        prefix: String?,
        endpoint: String?,
        index: Int
    ) throws {
        let chosen = try EtcdChoice(prefix: prefix, endpoint: endpoint).cluster(among: Self.sources)
        #expect(Self.sources[index] == Self.source(chosen.endpoints, chosen.prefix))
    }

    @Test func `Of sources with the same prefix and a common endpoint the first counts`()
        throws
    {
        let chosen = try EtcdChoice(prefix: "/berth/hosts/", endpoint: "http://a:2").cluster(
            among: Self.sources
        )
        #expect(chosen.endpoints == ["http://a:1", "http://a:2"])
    }

    @Test func `Without a choice among several an error lists them`() {
        let problem = #expect(throws: EtcdChoice.Problem.self) {
            try EtcdChoice(prefix: "/berth/hosts/").cluster(among: Self.sources)
        }
        #expect(
            problem?.description == """
                there are several etcd sources; choose one with --prefix or --endpoint: \
                etcd http://a:1,http://a:2 /berth/hosts/; etcd http://b:1 /berth/hosts/
                """
        )
    }

    @Test func `A choice that matches no source is an error that lists all`() {
        let problem = #expect(throws: EtcdChoice.Problem.self) {
            try EtcdChoice(endpoint: "http://c:1").cluster(among: [Self.sources[1]])
        }
        #expect(
            problem?.description
                == "no etcd source matches --prefix and --endpoint; there are: etcd http://b:1 /berth/hosts/"
        )
        #expect(throws: EtcdChoice.Problem.noMatch(sources: [])) { try EtcdChoice().cluster(among: []) }
    }

    @Test func `Sources with the same operators' records are one, whatever the prefix of their names`() throws
    {
        let same = [Self.source(["http://a:1"]), Self.source(["http://a:1"], "/berth/containers/")]
        #expect(try EtcdChoice().settings(among: same).controlCluster?.prefix == "/berth/control/")
        #expect(throws: EtcdChoice.Problem.self) { try EtcdChoice().settings(among: Self.sources) }
    }
}
