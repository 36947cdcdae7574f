/// Collects the findings of one load; not shared between threads.
package final class DiagnosticCollector {
    /// The maximum number of findings that are kept; more are only counted. A generated file
    /// could have millions.
    static let maxKept = 1000

    private var kept: [Diagnostic] = []
    private var errorsDropped = 0
    package private(set) var hasErrors = false

    package init() {}

    package func add(_ diagnostic: Diagnostic) {
        if diagnostic.severity == .error { hasErrors = true }
        if kept.count < Self.maxKept {
            kept.append(diagnostic)
        } else if diagnostic.severity == .error {
            errorsDropped += 1
        }
    }

    /// By file in the order of `files`, then by line and column.
    package func sorted(files: [String]) -> [Diagnostic] {
        var rank: [String: Int] = [:]
        for (index, file) in files.enumerated() where rank[file] == nil { rank[file] = index }
        let order = kept.enumerated().sorted { a, b in
            let first = (rank[a.element.file] ?? -1, a.element.line, a.element.column, a.offset)
            let second = (rank[b.element.file] ?? -1, b.element.line, b.element.column, b.offset)
            return first < second
        }
        var result: [Diagnostic] = []
        // A value that an alias repeats is reported once for each use, at one location.
        for (_, diagnostic) in order where diagnostic != result.last { result.append(diagnostic) }
        if errorsDropped > 0, let last = result.last {
            let message = "\(errorsDropped) more errors are not shown"
            result.append(Diagnostic(code: .tooMany, file: last.file, message: message))
        }
        return result
    }
}
