import Glibc
import RoutingConfig

/// Writes updated expectations into files of cases.
package enum CaseWriter {
    /// The result for one file.
    package enum Result: Sendable {
        /// All of its cases passed.
        case unchanged
        /// The number of cases with a new expectation.
        case written(cases: Int)
        /// The file is unchanged; the reason.
        case failed(String)
    }

    /// - Parameter report: a report on cases whose files have not changed since the run.
    package static func update(_ report: CaseReport) -> [(file: String, result: Result)] {
        report.files.map { ($0.file.file, update($0)) }
    }

    static func update(_ file: CaseReport.File) -> Result {
        guard let bytes = CaseUpdate.text(file) else {
            return file.results.allSatisfy(\.passed)
                ? .unchanged : .failed("no expectation in it can be changed automatically")
        }
        // Verify the new text: every case must pass with it.
        let findings = DiagnosticCollector()
        let source = SourceText(file: file.file.file, text: String(decoding: bytes, as: UTF8.self))
        guard let read = CaseReader.read(source, findings), !findings.hasErrors,
            read.cases.count == file.results.count,
            zip(read.cases, file.results).allSatisfy(agrees)
        else {
            return .failed("an expectation is written in a form that cannot be changed automatically")
        }
        do throws(WriteError) {
            try write(bytes, to: file.file.file)
        } catch {
            return .failed(error.reason)
        }
        return .written(cases: file.results.count { $0.outcome != nil })
    }

    private static func agrees(_ routeCase: RouteCase, _ result: CaseResult) -> Bool {
        guard let outcome = result.outcome else { return true }
        return routeCase.expectation.differences(from: outcome).isEmpty
            && routeCase.url == result.routeCase.url
    }

    private struct WriteError: Error {
        let reason: String
    }

    /// Writes a new file and renames it, so that the old one stays if the disk is full.
    private static func write(_ bytes: [UInt8], to path: String) throws(WriteError) {
        let fresh = path + ".berth-\(getpid())"
        var status = stat()
        let mode = stat(path, &status) == 0 ? status.st_mode & 0o777 : 0o644
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw WriteError(reason: String(cString: strerror(errno))) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                close(descriptor)
                unlink(fresh)
                throw WriteError(reason: reason)
            }
            rest = rest.dropFirst(count)
        }
        guard close(descriptor) == 0, rename(fresh, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(fresh)
            throw WriteError(reason: reason)
        }
    }
}
