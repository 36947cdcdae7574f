import Routing

/// Collects findings, each once, however many rules a line gives.
final class FindingCollector {
    private(set) var all: [NginxFinding] = []
    private var seen: Set<NginxFinding> = []

    func untranslated(_ what: String, at position: SourceLocation, _ why: String) {
        add(NginxFinding(kind: .untranslated, position: position, what: what, why: why))
    }

    func untranslated(_ cause: Untranslatable) {
        untranslated(cause.what, at: cause.position, cause.why)
    }

    func byDefault(_ what: String, at position: SourceLocation, _ why: String) {
        add(NginxFinding(kind: .byDefault, position: position, what: what, why: why))
    }

    func note(_ what: String, at position: SourceLocation, _ why: String) {
        add(NginxFinding(kind: .note, position: position, what: what, why: why))
    }

    private func add(_ finding: NginxFinding) {
        if seen.insert(finding).inserted { all.append(finding) }
    }
}
