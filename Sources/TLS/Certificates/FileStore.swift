import Glibc
import NIOConcurrencyHelpers
import SystemSupport

/// What names some files that are read together: the file of `client_certificates`, the settings of an `upstream_tls`.
package protocol StoredFiles: Hashable, Sendable {
    associatedtype Value: AnyObject, Sendable

    /// Nil: there is no file for this.
    var paths: [String?] { get }

    /// Reads and checks the files. Blocks.
    ///
    /// - Parameter now: seconds since 1970.
    func read(now: Int) throws(CertificateProblem) -> Value

    /// Another value has taken the place of one.
    static func replaced(_ value: Value)
}

extension StoredFiles {
    package static func replaced(_ value: Value) {}
}

/// What was read from files, by what names them; read again when they change.
///
/// What cannot be read leaves in force what was read before. What was never read has no value, and whoever needs it
/// refuses. For any thread: a lookup takes a lock for the time of copying a reference, and waits for no file.
package final class FileStore<Files: StoredFiles>: Sendable {
    /// One value, as it is in force.
    package struct Entry: Sendable {
        package let files: Files
        package let value: Files.Value
        /// The files before they were read, so that a change during it is another state.
        fileprivate let stamps: [FileStamp?]
        /// What could not be used when the files were last read; then `value` is the one before.
        package let problem: CertificateProblem?
    }

    private struct State {
        var entries: [Files: Entry] = [:]
        /// Of the rules before: requests that run may still need them.
        var former: [Files: Files.Value] = [:]
    }

    private let state = NIOLockedValueBox(State())
    /// Held while files are read: one reload at a time.
    private let reading = NIOLock()

    /// Empty.
    package init() {}

    /// Reads and checks all files. Blocks.
    ///
    /// - Parameter now: seconds since 1970; nil: the time of this machine.
    /// - Throws: every problem of every file, with what names it.
    package convenience init(_ all: Set<Files>, now: Int? = nil) throws(FileStoreFailure<Files>) {
        self.init()
        install(try prepare(all, now: now))
    }

    /// - Returns: nil: it is not in force, and was not before the last change of the rules.
    package subscript(files: Files) -> Files.Value? {
        state.withLockedValue { $0.entries[files]?.value ?? $0.former[files] }
    }

    /// In no order.
    package var all: [Entry] { state.withLockedValue { Array($0.entries.values) } }

    // MARK: Other rules

    /// What new rules name: read, and not in force yet.
    package struct Replacement: Sendable {
        fileprivate var entries: [Files: Entry] = [:]
    }

    /// Reads what is not in force yet. Blocks.
    ///
    /// - Throws: every problem; then all stays as it is.
    package func prepare(
        _ all: Set<Files>,
        now: Int? = nil
    ) throws(FileStoreFailure<Files>) -> Replacement {
        var replacement = Replacement()
        var problems: [(Files, CertificateProblem)] = []
        let known = state.withLockedValue { $0.entries }
        for files in all {
            if let entry = known[files] {
                replacement.entries[files] = entry
                continue
            }
            do throws(CertificateProblem) {
                replacement.entries[files] = try Self.read(files, now)
            } catch {
                problems.append((files, error))
            }
        }
        guard problems.isEmpty else { throw FileStoreFailure(problems: problems) }
        return replacement
    }

    private static func read(_ files: Files, _ now: Int?) throws(CertificateProblem) -> Entry {
        let stamps = stamps(of: files)
        let value = try files.read(now: now ?? time(nil))
        return Entry(files: files, value: value, stamps: stamps, problem: nil)
    }

    private static func stamps(of files: Files) -> [FileStamp?] {
        files.paths.map { $0.flatMap { FileStamp($0) } }
    }

    /// Puts it in force. What was in force before stays for the requests that run.
    package func install(_ replacement: Replacement) {
        state.withLockedValue { state in
            var entries = replacement.entries
            // What is in force may have been read again meanwhile.
            for (files, entry) in state.entries where entries[files] != nil { entries[files] = entry }
            state.former = state.entries.filter { entries[$0.key] == nil }.mapValues(\.value)
            state.entries = entries
        }
    }
}

// MARK: Files that change

extension FileStore: WatchedCertificates {
    package struct States: Equatable, Sendable {
        fileprivate var stamps: [Files: [FileStamp?]]
    }

    package var states: States { States(stamps: state.withLockedValue { $0.entries.mapValues(\.stamps) }) }

    package func currentStates() -> States {
        let all = state.withLockedValue { Array($0.entries.keys) }
        return States(stamps: Dictionary(all.map { ($0, Self.stamps(of: $0)) }, uniquingKeysWith: { $1 }))
    }

    /// Reads what has changed since it was read, or could not be used then. Blocks.
    package func reload() -> [CertificateProblem] { reload(everything: false, now: nil) }

    /// What runs ends with what it began with.
    ///
    /// - Parameter everything: also what has not changed.
    /// - Returns: what could not be used: what was read before stays in force in its place.
    package func reload(everything: Bool, now: Int? = nil) -> [CertificateProblem] {
        reading.withLock {
            var problems: [CertificateProblem] = []
            for entry in all {
                let stamps = Self.stamps(of: entry.files)
                guard everything || stamps != entry.stamps || entry.problem != nil else { continue }
                do throws(CertificateProblem) {
                    put(try Self.read(entry.files, now), over: entry)
                } catch {
                    var problem = error
                    problem.keepsOld = true
                    problems.append(problem)
                    put(
                        Entry(files: entry.files, value: entry.value, stamps: stamps, problem: problem),
                        over: entry
                    )
                }
            }
            return problems
        }
    }

    private func put(_ new: Entry, over old: Entry) {
        let isCurrent = state.withLockedValue { state in
            // Rules may have been reloaded meanwhile.
            guard state.entries[old.files] != nil else { return false }
            state.entries[old.files] = new
            return true
        }
        if isCurrent, new.value !== old.value { Files.replaced(old.value) }
    }
}

/// Every problem of the files of a `FileStore`.
package struct FileStoreFailure<Files: StoredFiles>: Error, Sendable {
    /// Never empty.
    package let problems: [(files: Files, problem: CertificateProblem)]
}
