/// Something that the rules do not say as the configuration does.
package struct NginxFinding: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        /// It is not translated.
        case untranslated
        /// It is translated, and in a rare case something else happens.
        case note
    }

    package let kind: Kind
    package let place: NginxPlace
    /// The directive, or its value.
    package let what: String
    package let why: String

    /// `nginx.conf:12: least_conn: …`
    package var text: String { "\(place): \(what): \(why)" }
}

/// Findings as they are made: each once, however many rules a line gives.
final class FindingList {
    private(set) var all: [NginxFinding] = []
    private var seen: Set<NginxFinding> = []

    func untranslated(_ what: String, at place: NginxPlace, _ why: String) {
        add(NginxFinding(kind: .untranslated, place: place, what: what, why: why))
    }

    func note(_ what: String, at place: NginxPlace, _ why: String) {
        add(NginxFinding(kind: .note, place: place, what: what, why: why))
    }

    private func add(_ finding: NginxFinding) {
        if seen.insert(finding).inserted { all.append(finding) }
    }
}
