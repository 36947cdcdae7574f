/// Rules as people write them, any number of them.
enum Shape: String, CaseIterable {
    /// One pattern for each tenant's domain.
    case tenant
    /// One for each app, which all share a domain.
    case app
    /// One for each tenant, which nothing but a text in the middle tells apart.
    case inner
    /// A pattern of its own for each tenant, which no other rule can share.
    case alone
    /// No literal text at all: each has to be asked.
    case none

    var title: String {
        switch self {
        case .tenant: "per tenant domain"
        case .app: "per app"
        case .inner: "literal inside"
        case .alone: "each its own pattern"
        case .none: "no literal"
        }
    }

    /// The largest table that makes sense.
    var most: Int { self == .none ? 1_000 : 100_000 }

    func pattern(_ number: Int) -> String {
        switch self {
        case .tenant: #"^(?<app>[a-z0-9]+)\.tenant\#(number)\.example\.com$"#
        case .app: #"^app\#(number)_(?<c>[a-z0-9]+)_(?<h>[0-9]{2})\.test\.priv$"#
        case .inner: #"^(?<app>[a-z0-9]+)[.-]customer\#(number)[.-](?<h>[a-z]{2,3})$"#
        case .alone: #"^(?<app>[a-z0-9]+)-(?<t>(?:site|shop)\#(number))\.(?<h>[a-z]{2,3})$"#
        case .none: #"^(?<app>[a-z]+)(?<t>[0-9]{\#(number % 40 + 60)})$"#
        }
    }

    var target: String { self == .app ? "host_${h}:9000" : "${app}:9000" }

    func host(_ number: Int) -> String {
        switch self {
        case .tenant: "shop.tenant\(number).example.com"
        case .app: "app\(number)_c\(number % 977)_07.test.priv"
        case .inner: "shop-customer\(number).de"
        case .alone: "www-shop\(number).de"
        // None matches: all are asked.
        case .none: "shop\(number).example.com"
        }
    }

    /// A rule file.
    func yaml(_ count: Int) -> String {
        var text = "rules:\n"
        for number in 0..<count {
            text += "  - name: \(rawValue)-\(number)\n    host: '~\(pattern(number))'\n    to: '\(target)'\n"
        }
        return text
    }
}
