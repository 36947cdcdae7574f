/// The states of one file, or of those of a folder: to be taken before they are read, for a watcher that begins later.
package struct FileStates: Sendable {
    /// Nil: they could not be listed.
    let stamps: WatchedFiles.Stamps?

    /// Of one file, which need not exist.
    package init(path: String) {
        stamps = WatchedFiles(path: path).stamps()
    }

    /// - Parameter matches: whether a file of this name counts.
    package init(folder: String, matches: @escaping @Sendable (ArraySlice<UInt8>) -> Bool) {
        stamps = WatchedFiles(folder: folder, matches: matches).stamps()
    }
}
