import TestSupport

/// Writes rule files as people do, in which there is nothing to find.
struct CleanRules {
    var random: SeededRandom
    private(set) var rules: [String] = []
    private(set) var names: Set<String> = []

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        let count = Int.random(in: 1...9, using: &random)
        for number in 0..<count { add(number) }
        if Bool.random(using: &random) { rules.append("- name: rest\n    respond: 404") }
    }

    /// The file, with rules of a test's own somewhere among the others.
    func text(with more: [String] = [], first: Bool = false) -> String {
        var all = rules
        // A rule for every host takes all that stands behind it.
        let place = first ? 0 : all.last?.hasPrefix("- name: rest") == true ? all.count - 1 : all.count
        all.insert(contentsOf: more, at: place)
        let rules = all.map { "  " + $0 }.joined(separator: "\n")
        let names = names.union(["web"]).sorted().map { "      \($0): 127.0.0.1" }.joined(separator: "\n")
        return "rules:\n\(rules)\nnames:\n  - static:\n\(names)\n"
    }

    private mutating func add(_ number: Int) {
        let domain = ["test", "shop", "a-b", "x1"].randomElement(using: &random) ?? "test"
        let name = "rule\(number)"
        let target = "web\(number)"
        names.insert(target)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: rule(name, "www\(number).\(domain).priv", target)
        case 1: rule(name, "'*.\(domain)\(number).priv'", target)
        case 2:
            for host in 1...3 { names.insert("host_0\(host)") }
            rule(
                name,
                "'~^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<host>[0-9]{2})\\.\(domain)\(number)\\.priv$'",
                "host_${host}"
            )
        case 3:
            rule(name, "'~^(?<branch>[a-z0-9-]+)\\.app\(number)\\.\(domain)\\.priv$'", target)
        case 4:
            rule(name, "'~^(?:shop|blog|news)-\(number)\\.\(domain)\\.priv$'", target)
        case 5:
            // The special case in front of the general one.
            rule(name, "special.\(domain)\(number).priv", target)
            rule(name + "-rest", "'*.\(domain)\(number).priv'", target)
        case 6:
            rule(name + "-api", "api\(number).\(domain).priv", target, "path: /api/")
            rule(name + "-php", "api\(number).\(domain).priv", target, "path: '~\\.php$'")
            rule(name, "api\(number).\(domain).priv", target)
        case 7:
            rule(name + "-read", "m\(number).\(domain).priv", target, "methods: [GET, HEAD]")
            rule(
                name + "-write",
                "m\(number).\(domain).priv",
                target,
                "methods: [POST]",
                "path: '~^/(?:in|out)/'"
            )
        default:
            rules.append(
                "- name: \(name)\n    host: '~^old\(number)-(?<rest>[a-z]+)\\.\(domain)\\.priv$'\n"
                    + "    redirect: 'https://${rest}.new.priv${uri}'"
            )
        }
    }

    private mutating func rule(_ name: String, _ host: String, _ target: String, _ more: String...) {
        let lines =
            ["- name: \(name)", "    host: \(host)"] + more.map { "    " + $0 } + ["    to: '\(target):80'"]
        rules.append(lines.joined(separator: "\n"))
    }
}
