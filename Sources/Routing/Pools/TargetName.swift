import Bytes

/// The name of a target that a pool leads to: a text, or a template of the pool's own target.
public struct TargetName: Sendable {
    private enum Part: Sendable {
        case literal([UInt8])
        /// The name of the pool's target.
        case target
        /// The first of these groups of `match` that took part.
        case group([Int])
    }

    private let parts: [Part]

    /// As it was written.
    public let text: String
    /// The name, where it is the same for every target of the pool.
    public let fixed: String?

    /// - Parameter groups: those of `match`; nil: the pool is for one name.
    /// - Throws: the error in a text such as `${target}-v2` or `${app}_green`.
    init(_ text: String, groups: CaptureGroups?) throws(TemplateParser.Failure) {
        self.text = text
        var parts: [Part] = []
        for part in try TemplateParser.parse(text) {
            switch part {
            case .literal(let bytes, let start):
                let lowered = bytes.map(ASCII.lowercased)
                if let bad = lowered.firstIndex(where: { !ASCII.isHost($0) }) {
                    throw Self.invalid(lowered[bad], at: start + bad)
                }
                parts.append(.literal(lowered))
            case .number(let number, let range):
                guard let groups, number <= groups.count else {
                    throw Self.noGroup("$\(number)", range, groups)
                }
                parts.append(.group([number]))
            case .name("target", _):
                parts.append(.target)
            case .name(let name, let range):
                let numbers = groups?.numbers(name) ?? []
                guard !numbers.isEmpty else { throw Self.noGroup("${\(name)}", range, groups) }
                parts.append(.group(numbers))
            }
        }
        self.parts = parts
        let isFixed = parts.allSatisfy { if case .literal = $0 { true } else { false } }
        fixed = try isFixed ? Self.fixed(parts, text) : nil
    }

    /// The literal bytes, with nil for each variable: for tools that examine names.
    package var fragments: [[UInt8]?] {
        parts.map { if case .literal(let bytes) = $0 { bytes } else { nil } }
    }

    func isSame(as other: TargetName) -> Bool { (fixed ?? text) == (other.fixed ?? other.text) }

    /// Whether the name has what `match` captured.
    var usesGroups: Bool { parts.contains { if case .group = $0 { true } else { false } } }

    /// The name for one target of the pool; nil: it is not a valid one.
    ///
    /// - Parameter match: of the target's name; nil: without effect on the name.
    func name(for target: String, _ match: PatternMatch?) -> String? {
        if let fixed { return fixed }
        var bytes: [UInt8] = []
        for part in parts {
            switch part {
            case .literal(let text): bytes += text
            case .target: bytes += target.utf8
            case .group(let numbers):
                guard let match, let range = numbers.lazy.compactMap(match.range).first else { continue }
                bytes += match.text[range]
            }
        }
        guard let host = try? HostName(bytes.span), host.port == nil, host.bytes.first != UInt8(ascii: "[")
        else { return nil }
        return host.text
    }

    private static func fixed(_ parts: [Part], _ text: String) throws(TemplateParser.Failure) -> String {
        var bytes: [UInt8] = []
        for case .literal(let literal) in parts { bytes += literal }
        let whole = 0..<text.utf8.count
        let host: HostName
        do {
            host = try HostName(bytes.span)
        } catch {
            throw TemplateParser.Failure(
                range: whole,
                message: "`\(text)` is not a valid target name: \(error)"
            )
        }
        guard !Target(name: host.text).isAddressInDisguise else {
            throw TemplateParser.Failure(
                range: whole,
                message: "`\(text)` is an address, not a name",
                hint: "give a pool a name and the endpoint, and write the name here"
            )
        }
        return host.text
    }

    private static func invalid(_ byte: UInt8, at position: Int) -> TemplateParser.Failure {
        let isPort = byte == ASCII.colon
        return TemplateParser.Failure(
            range: position..<(position + 1),
            message: isPort
                ? "a target has no port here"
                : "a target's name has letters, digits, `-`, `_` and dots only",
            hint: isPort ? "the port is that of the name source, or else that of the rule's `to`" : nil
        )
    }

    private static func noGroup(
        _ reference: String,
        _ range: Range<Int>,
        _ groups: CaptureGroups?
    ) -> TemplateParser.Failure {
        guard let groups else {
            return TemplateParser.Failure(
                range: range,
                message: "`\(reference)` cannot be used here: a pool with `name` captures nothing",
                hint: "write the name; `${target}` is the pool's own"
            )
        }
        let names = Set(groups.named.map(\.name)).sorted().joined(separator: ", ")
        return TemplateParser.Failure(
            range: range,
            message: "`match` has no group for `\(reference)`",
            hint: (names.isEmpty ? "it has no named groups" : "captured: \(names)")
                + "; `${target}` is the whole name"
        )
    }
}
