import Linting
import PCRE2
import Routing
import RoutingConfig
import TestSupport

/// A kind of mistake: how to make one, and how to see that what was said of it is true.
struct Defect: CustomStringConvertible, Sendable {
    let code: Diagnostic.Code
    /// Rules that go into a clean file; the last one has the mistake and is called `bad`.
    let rules: @Sendable (inout SeededRandom) -> [String]
    /// Whether what is quoted in the message is so. Of a broken file there is no table.
    let holds: @Sendable (Claim) -> Bool

    var description: String { code.rawValue }

    /// What a finding says, and the table it says it of.
    struct Claim {
        let finding: Diagnostic
        let table: RouteTable?

        /// What stands between backticks, in order.
        var quoted: [String] {
            finding.message.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        }

        func decide(_ host: String, target: String = "/") -> Decision? {
            guard let name = try? HostName(host), let client = IPAddress("192.0.2.1") else { return nil }
            return table?.decide(host: name, target: target, client: client)
        }

        func goesToBad(_ host: String, target: String = "/") -> Bool {
            decide(host, target: target)?.ruleName == "bad"
        }
    }

    static func rule(_ name: String, _ host: String, _ more: String..., to: String = "web:80") -> String {
        (["- name: \(name)", "    host: \(host)"] + more.map { "    " + $0 } + ["    to: '\(to)'"])
            .joined(separator: "\n")
    }

    private static func word(_ random: inout SeededRandom) -> String {
        "z" + String((0..<4).map { _ in "bcdfgkmpq".randomElement(using: &random) ?? "b" })
    }

    static let all: [Defect] = [
        Defect(code: .unreachableRule) { random in
            let word = word(&random)
            return [
                rule("general", "'~^[a-z0-9-]+\\.\(word)\\.priv$'"),
                rule("bad", "'~^[a-c]+-x\\.\(word)\\.priv$'", to: "web:81"),
            ]
        } holds: { claim in
            claim.quoted.count == 3 && claim.quoted[0] == "bad" && claim.quoted[2] == "general"
                && claim.decide(claim.quoted[1])?.ruleName == "general"
        },
        // Taken by two together, by neither alone.
        Defect(code: .unreachableRule) { random in
            let word = word(&random)
            return [
                rule("left", "'~^[a-m][a-z]*\\.\(word)\\.priv$'"),
                rule("right", "'~^[n-z][a-z]*\\.\(word)\\.priv$'"),
                rule("bad", "'~^[a-z]{2,5}\\.\(word)\\.priv$'", to: "web:81"),
            ]
        } holds: { claim in
            let taker = claim.decide(claim.quoted[1])?.ruleName
            return Set(claim.quoted.dropFirst(2)) == ["left", "right"]
                && (taker == "left" || taker == "right")
        },
        // With conditions that the earlier rule does not have.
        Defect(code: .unreachableRule) { random in
            let word = word(&random)
            return [
                rule("general", "'*.\(word).priv'"),
                rule("bad", "api.\(word).priv", "path: /v1/", to: "web:81"),
            ]
        } holds: { claim in
            claim.decide(claim.quoted[1], target: "/v1/x")?.ruleName == "general"
        },
        Defect(code: .duplicateRule) { random in
            let word = word(&random)
            return [
                rule("once", "'~^(?:a|b)\\.\(word)\\.priv$'"),
                rule("bad", "'~[ABab][.]\(word.uppercased())[.]priv'"),
            ]
        } holds: { claim in
            claim.quoted[1] == "once" && claim.decide(claim.quoted[2])?.ruleName == "once"
        },
        Defect(code: .overlappingRules) { random in
            let word = word(&random)
            return [
                rule("front", "'~^shop-[a-z]+\\.\(word)\\.priv$'"),
                rule("bad", "'~^[a-z]+-beta\\.\(word)\\.priv$'", to: "web:81"),
            ]
        } holds: { claim in
            claim.quoted[1] == "front" && claim.decide(claim.quoted[2])?.ruleName == "front"
                && claim.decide(claim.quoted[4])?.ruleName == "front" && claim.goesToBad(claim.quoted[5])
        },
        Defect(code: .ambiguousCaptures) { random in
            let word = word(&random)
            return [rule("bad", "'~^(?<app>[a-z_]+)_(?<container>[a-z_]+)\\.\(word)\\.priv$'")]
        } holds: { claim in
            guard let decision = claim.decide(claim.quoted[0]), decision.ruleName == "bad" else {
                return false
            }
            return claim.quoted.count == 7
                && [claim.quoted[2], claim.quoted[3]].contains(decision.captures[claim.quoted[1]])
                && [claim.quoted[5], claim.quoted[6]].contains(decision.captures[claim.quoted[4]])
        },
        Defect(code: .unescapedDot) { random in
            let word = word(&random)
            return [rule("bad", "'~^www\\.\(word).priv$'")]
        } holds: { claim in
            claim.goesToBad(claim.quoted[0]) && !claim.quoted[0].hasSuffix(".priv")
        },
        Defect(code: .missingAnchor) { random in
            [rule("bad", "www.\(word(&random)).priv", "path: '~/admin/(?:a|b)'")]
        } holds: { claim in
            guard let host = claim.table?.rules.first(where: { $0.name == "bad" })?.definition.host else {
                return false
            }
            return claim.goesToBad(host, target: claim.quoted[0]) && !claim.quoted[0].hasPrefix("/admin")
        },
        Defect(code: .missingAnchor) { random in
            [rule("bad", "www.\(word(&random)).priv", "path: '~^/a/|/b/'")]
        } holds: { claim in
            guard let host = claim.table?.rules.first(where: { $0.name == "bad" })?.definition.host else {
                return false
            }
            return claim.goesToBad(host, target: claim.quoted[1]) && !claim.quoted[1].hasPrefix("/b")
        },
        Defect(code: .dotInLabel) { random in
            [rule("bad", "'~^(?<app>[^_]+)_x\\.\(word(&random))\\.priv$'")]
        } holds: { claim in
            claim.decide(claim.quoted[2])?.captures["app"]?.contains(".") == true
                && claim.goesToBad(claim.quoted[2])
        },
        Defect(code: .impossibleHost) { random in
            [rule("bad", "'~^[a-z]{64,70}\\.\(word(&random))\\.priv$'")]
        } holds: { claim in
            claim.quoted[0] == "bad" && claim.quoted.count == 2
        },
        Defect(code: .impossibleHost) { random in
            [rule("bad", "'~^a\\.\\.\(word(&random))\\.priv$'")]
        } holds: { claim in
            (try? HostName(claim.quoted[1])) == nil
        },
        Defect(code: .labelTooLong) { random in
            [rule("bad", "'~^(?<app>[a-z]{1,80})\\.\(word(&random))\\.priv$'")]
        } holds: { claim in
            claim.finding.message.contains("80")
        },
        Defect(code: .unknownTarget) { random in
            [rule("bad", "'~^(?<app>[a-z]+)\\.\(word(&random))\\.priv$'", to: "nobody_${app}:80")]
        } holds: { claim in
            guard case .forward(let forward)? = claim.decide(claim.quoted[1])?.outcome else { return false }
            return forward.target.name == claim.quoted[0]
        },
        Defect(code: .unboundedTarget) { random in
            [rule("bad", "'~^(?<name>[a-z.]+)\\.\(word(&random))\\.priv$'", to: "${name}:80")]
        } holds: { claim in
            guard case .forward(let forward)? = claim.decide(claim.quoted[0])?.outcome else { return false }
            return forward.target.name == claim.quoted[1] && claim.quoted[1].contains(".")
        },
        Defect(code: .unusedCapture) { random in
            [rule("bad", "'~^(shop|blog)\\.\(word(&random))\\.priv$'")]
        } holds: { claim in
            claim.table?.rules.contains { $0.name == "bad" } == true
        },
        Defect(code: .uncoveredHost) { random in
            [rule("bad", "'~^[a-z]+\\.(?<deep>[a-z]+)\\.\(word(&random))\\.priv$'")]
        } holds: { claim in
            claim.quoted[0] == "bad" && claim.goesToBad(claim.quoted[1])
        },
        Defect(code: .catastrophicPattern) { random in
            [rule("bad", "'~^(?:[a-z0-9]+)+\\.\(word(&random))\\.priv$'")]
        } holds: { claim in
            guard let line = claim.finding.sourceLine,
                let start = line.firstIndex(of: "~"), let end = line.lastIndex(of: "'"),
                let pattern = try? Pattern(
                    String(line[line.index(after: start)..<end]),
                    options: [.caseless, .wholeSubject]
                ), (try? HostName(claim.quoted[0])) != nil
            else { return false }
            let host = Array(claim.quoted[0].utf8)
            if case .limitExceeded = pattern.match(host.span, scratch: MatchScratch()) { return true }
            return false
        },
        Defect(code: .catastrophicPattern) { random in
            [rule("bad", "www.\(word(&random)).priv", "path: '~^/(?:a|b|ab)*x$'")]
        } holds: { claim in
            guard let pattern = try? Pattern("^/(?:a|b|ab)*x$") else { return false }
            let path = Array(claim.quoted[0].utf8)
            if case .limitExceeded = pattern.match(path.span, scratch: MatchScratch()) { return true }
            return false
        },
    ]
}
