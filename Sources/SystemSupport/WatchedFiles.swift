import Glibc

/// The files that a watcher watches: one, or those of a folder whose names match.
struct WatchedFiles: Sendable {
    /// The files that there are, by their names.
    typealias Stamps = [[UInt8]: FileStamp]

    let folder: String
    /// The name of the only file; nil: `matches` decides.
    private let name: [UInt8]?
    private let matching: @Sendable (ArraySlice<UInt8>) -> Bool

    /// One file, which need not exist.
    init(path: String) {
        if let slash = path.lastIndex(of: "/") {
            folder = slash == path.startIndex ? "/" : String(path[..<slash])
            name = Array(path[path.index(after: slash)...].utf8)
        } else {
            folder = "."
            name = Array(path.utf8)
        }
        matching = { _ in false }
    }

    init(folder: String, matches: @escaping @Sendable (ArraySlice<UInt8>) -> Bool) {
        self.folder = folder
        name = nil
        matching = matches
    }

    func matches(_ name: ArraySlice<UInt8>) -> Bool {
        self.name.map { $0.elementsEqual(name) } ?? matching(name)
    }

    /// Nil: the folder cannot be listed at the moment (no descriptor is left).
    func stamps() -> Stamps? {
        if let name { return FileStamp(path(name)).map { [name: $0] } ?? [:] }
        guard let listing = opendir(folder) else { return errno == ENOENT || errno == ENOTDIR ? [:] : nil }
        defer { closedir(listing) }
        var stamps: Stamps = [:]
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if matching(name[...]), let stamp = FileStamp(path(name)) { stamps[name] = stamp }
        }
        return stamps
    }

    private func path(_ name: [UInt8]) -> String { "\(folder)/\(String(decoding: name, as: UTF8.self))" }
}
