import Names
import RegistryTestSupport
import Testing

@testable import ContainerNames

private func entry(_ names: [String], _ project: String?, _ network: String?, _ last: Int)
    -> ContainerNaming.Entry
{
    ContainerNaming.Entry(
        names: names,
        address: at("10.0.0.\(last):80"),
        scope: NameScope(project: project, network: network)
    )
}

private struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The scopes of containers that have the name `web`.
    let scopes: [(project: String?, network: String?)]
    /// Nil: the name is shared.
    var conflict: String?
}

private let rows: [Row] = [
    Row(testDescription: "one project, one network", scopes: [("one", "n"), ("one", "n")]),
    Row(testDescription: "no project, one network", scopes: [(nil, "n"), (nil, "n")]),
    Row(testDescription: "no project, labels", scopes: [(nil, nil), (nil, nil)]),
    Row(testDescription: "one project, label and alias", scopes: [("one", nil), ("one", "n")]),
    Row(
        testDescription: "two projects, two networks",
        scopes: [("one", "a"), ("two", "b")],
        conflict: "containers of different projects (one, two)"
    ),
    Row(
        testDescription: "two projects, one network",
        scopes: [("one", "n"), ("two", "n")],
        conflict: "containers of different projects (one, two)"
    ),
    Row(
        testDescription: "two projects, labels",
        scopes: [("one", nil), ("two", nil)],
        conflict: "containers of different projects (one, two)"
    ),
    Row(
        testDescription: "a project and a container without one",
        scopes: [("one", "n"), (nil, "n")],
        conflict: "containers of different projects (no project, one)"
    ),
    Row(
        testDescription: "no project, aliases on two networks",
        scopes: [(nil, "a"), (nil, "b")],
        conflict: "containers on different networks (a, b)"
    ),
    Row(
        testDescription: "one project, aliases on two networks and a label",
        scopes: [("one", "b"), ("one", nil), ("one", "a")],
        conflict: "containers on different networks (a, b)"
    ),
    Row(
        testDescription: "many projects",
        scopes: (1...6).map { ("p\($0)", "n") },
        conflict: "containers of different projects (p1, p2, p3, p4, …)"
    ),
]

@Suite struct NameClaimsTests {
    @Test(arguments: rows)
    private func `A name is shared within a project and a network, and nowhere else`(row: Row) {
        var claims = NameClaims(sharesNames: false)
        let entries = row.scopes.enumerated().map { entry(["web"], $1.project, $1.network, $0 + 1) }
        let (names, reports) = claims.names(entries, now: .zero)
        #expect(names["web"] == (row.conflict == nil ? entries.map(\.address) : nil))
        #expect(reports == (row.conflict.map { ["the name 'web' is not served: it belongs to \($0)"] } ?? []))
        var sharing = NameClaims(sharesNames: true)
        #expect(sharing.names(entries, now: .zero).names["web"] == entries.map(\.address))
    }

    @Test func `Other names of the same containers are served`() {
        var claims = NameClaims(sharesNames: false)
        let entries = [
            entry(["one-web-1", "web"], "one", "a", 1), entry(["web", "two-web-1"], "two", "b", 2),
        ]
        #expect(Set(claims.names(entries, now: .zero).names.keys) == ["one-web-1", "two-web-1"])
    }

    @Test func `A shared name is withheld for a while after it no longer is`() {
        var claims = NameClaims(sharesNames: false)
        let (one, two) = (entry(["web"], "one", "a", 1), entry(["web"], "two", "b", 2))
        #expect(claims.names([one, two], now: .zero).names.isEmpty)
        #expect(claims.nextDeadline == nil)
        #expect(claims.names([two], now: .seconds(1)).names.isEmpty)
        #expect(claims.nextDeadline == .seconds(1) + NameClaims.hold)
        #expect(claims.names([one, two], now: .seconds(30)).names.isEmpty)
        #expect(claims.nextDeadline == nil)
        #expect(claims.names([two], now: .seconds(40)).names.isEmpty)
        let end = Duration.seconds(40) + NameClaims.hold
        #expect(claims.names([two], now: end - .milliseconds(1)).names.isEmpty)
        #expect(claims.names([two], now: end).names["web"] == [two.address])
        #expect(claims.nextDeadline == nil)
        // Shared anew: reported anew.
        #expect(claims.names([one, two], now: end).reports.count == 1)
    }

    @Test func `A flood of shared names is a few lines`() {
        var claims = NameClaims(sharesNames: false)
        let names = (0..<100).map { "n\($0)" }
        let (served, reports) = claims.names(
            [entry(names, "one", "a", 1), entry(names, "two", "b", 2)],
            now: .zero
        )
        #expect(served.isEmpty)
        #expect(reports.count == NameClaims.maxReports + 1)
        #expect(reports.last == "84 more names are not served for the same reason")
    }
}
