import Bytes
import PCRE2

/// A compiled item of `rewrite_location`.
enum LocationPlan: Sendable {
    case ownAddress
    case prefix(Template, LocationTemplate)
    case pattern(Pattern, CaptureGroups, LocationTemplate)

    var dependsOnHostAlone: Bool {
        switch self {
        case .ownAddress: true
        case .prefix(let from, let to): from.dependsOnHostAlone && to.dependsOnHostAlone
        case .pattern(_, _, let to): to.dependsOnHostAlone
        }
    }

    /// With the values of a request. Nil: it cannot apply to a response to this request.
    func frozen(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures,
        _ forwarding: OwnAddress?
    ) -> FrozenLocation? {
        switch self {
        case .ownAddress:
            return forwarding.map { .own($0) }
        case .prefix(let from, let to):
            var start: [UInt8] = []
            do { try from.expand(key, captured, into: &start) } catch { return nil }
            // Nothing in place of a capture: everything would begin with it.
            return start.isEmpty ? nil : .prefix(start, to.frozen(key, captured))
        case .pattern(let pattern, let groups, let to):
            return .pattern(pattern, groups, to.frozen(key, captured))
        }
    }
}

/// An item of `rewrite_location`, with all that a request has to fill in.
enum FrozenLocation: Sendable {
    enum Result {
        case noMatch
        /// It applies, but what it makes of the URL would lead to a host that neither the rule nor the endpoint names.
        case unsafe
        case replaced([UInt8])
    }

    case own(OwnAddress)
    case prefix([UInt8], FrozenLocationTemplate)
    case pattern(Pattern, CaptureGroups, FrozenLocationTemplate)

    func apply(to url: Span<UInt8>, from endpoint: Endpoint, scratch: MatchScratch) -> Result {
        switch self {
        case .own(let own):
            guard let rest = own.rest(of: url, from: endpoint) else { return .noMatch }
            guard LocationURL.isLocalPath(rest.span), LocationURL.isVisible(rest.span) else { return .unsafe }
            return .replaced(rest)
        case .prefix(let start, let to):
            guard url.hasPrefix(start.span) else { return .noMatch }
            let rest = [UInt8](copying: url.extracting(start.count..<url.count))
            return to.apply(to: url, RuleCaptures(), rest: rest)
        case .pattern(let pattern, let groups, let to):
            guard case .matched(let ranges) = pattern.match(url, scratch: scratch) else { return .noMatch }
            var captured = RuleCaptures()
            captured.rewrite = PatternMatch(text: url, ranges: ranges, groups: groups)
            return to.apply(to: url, captured, rest: [])
        }
    }

    /// What it replaces, for people.
    var from: String {
        switch self {
        case .own: "default"
        case .prefix(let start, _): String(decoding: start, as: UTF8.self)
        case .pattern(let pattern, _, _): (pattern.options.contains(.caseless) ? "~*" : "~") + pattern.text
        }
    }

    /// What it is replaced by, for people; nil: by its path.
    var to: String? {
        switch self {
        case .own: nil
        case .prefix(_, let to), .pattern(_, _, let to): to.description
        }
    }
}
