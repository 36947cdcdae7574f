import Glibc
import SystemSupport

/// The states of rule files and folders, to be taken before they are read: what changes before the tier watches them is
/// read again.
package struct WatchedRules: Sendable {
    private var states: [String: FileStates] = [:]

    /// - Parameter paths: as on the command line.
    package init(_ paths: [String]) {
        for path in paths {
            states[path] =
                Self.isFolder(path)
                ? FileStates(folder: path, matches: Self.isRuleFile) : FileStates(path: path)
        }
    }

    /// Nothing is known: the files count as they are.
    package init() {}

    /// - Parameter changed: see `FileWatcher`.
    func watch(_ path: String, changed: @escaping @Sendable () -> Bool) throws(SystemError) -> FileWatcher {
        guard Self.isFolder(path) else {
            return try FileWatcher(path: path, since: states[path], changed: changed)
        }
        return try FileWatcher(
            folder: path,
            matches: Self.isRuleFile,
            since: states[path],
            changed: changed
        )
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static let endings = [Array(".yaml".utf8), Array(".yml".utf8)]

    @Sendable private static func isRuleFile(_ name: ArraySlice<UInt8>) -> Bool {
        endings.contains { name.suffix($0.count).elementsEqual($0) }
    }
}
