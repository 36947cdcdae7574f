import Glibc

/// Rule files on disk: their paths and their bytes.
package enum RuleFiles {
    package struct Fault: Error {
        package let code: Diagnostic.Code
        package let message: String
        package var hint: String?
    }

    /// Whether a file has cases for `berth test`, by its name: such files are next to the rules, but are not rule files.
    package static func isCaseFile(_ path: String) -> Bool {
        path.hasSuffix(".cases.yaml") || path.hasSuffix(".cases.yml")
    }

    /// The files that a path stands for: itself, or of a folder its `*.yaml` and `*.yml`,
    /// by name; subfolders, hidden files and case files are skipped.
    package static func expand(_ path: String) throws(Fault) -> [String] {
        guard try isFolder(path) else {
            guard !isCaseFile(path) else {
                throw Fault(
                    code: .unreadable,
                    message: "this is a case file, not a rule file",
                    hint: "`berth test \(path)` runs it"
                )
            }
            return [path]
        }
        let files = try yamlFiles(in: path).filter { !isCaseFile($0) }
        guard !files.isEmpty else {
            throw Fault(
                code: .unreadable,
                message: "there is no rule file in this folder",
                hint: "rule files end in .yaml or .yml"
            )
        }
        return files
    }

    /// The case files that a path stands for: itself, or those in a folder, by name.
    package static func expandCases(_ path: String) throws(Fault) -> [String] {
        guard try isFolder(path) else { return [path] }
        let files = try yamlFiles(in: path).filter { isCaseFile($0) }
        guard !files.isEmpty else {
            throw Fault(
                code: .unreadable,
                message: "there is no case file in this folder",
                hint: "case files end in .cases.yaml: see docs/testing-rules.md"
            )
        }
        return files
    }

    package static func isFolder(_ path: String) throws(Fault) -> Bool {
        guard let kind = kind(of: path) else { throw unreadable(errno) }
        return kind == S_IFDIR
    }

    /// By name, without hidden ones.
    private static func yamlFiles(in path: String) throws(Fault) -> [String] {
        guard let folder = opendir(path) else { throw unreadable(errno) }
        defer { closedir(folder) }
        let base = path.hasSuffix("/") ? path : path + "/"
        var files: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix("."), name.hasSuffix(".yaml") || name.hasSuffix(".yml") else { continue }
            // A folder with such a name, or a file that no longer exists, is not a rule file.
            if Self.kind(of: base + name) == S_IFREG { files.append(base + name) }
        }
        return files.sorted(by: isBefore)
    }

    /// The order in which several files are one set: by their bytes, whatever the locale.
    package static func isBefore(_ a: String, _ b: String) -> Bool {
        a.utf8.lexicographicallyPrecedes(b.utf8)
    }

    /// The bytes of a file of at most `limit` bytes. Pipes are read too (`<(generate)`).
    package static func read(_ path: String, limit: Int) throws(Fault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw unreadable(errno)
            }
            guard bytes.count + count <= limit else {
                throw Fault(
                    code: .fileTooLarge,
                    message: "this file is larger than the maximum of "
                        + (limit < 1 << 20 ? "\(limit >> 10) KiB" : "\(limit >> 20) MiB")
                )
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    static func isReadable(_ path: String) -> Bool {
        access(path, R_OK) == 0
    }

    /// `path`, relative to the folder of `file`.
    package static func resolve(_ path: String, relativeTo file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            return path
        }
        return String(file[...slash]) + path
    }

    private static func kind(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    private static func unreadable(_ code: CInt) -> Fault {
        switch code {
        case ENOENT: Fault(code: .unreadable, message: "this file does not exist")
        case EACCES: Fault(code: .unreadable, message: "this user has no permission to read this file")
        case EISDIR: Fault(code: .unreadable, message: "this is a folder")
        default:
            Fault(code: .unreadable, message: "this file cannot be read: \(String(cString: strerror(code)))")
        }
    }
}
