import Glibc
import NginxImport

/// Finds and reads the files of an nginx configuration.
struct NginxFiles {
    /// nginx's folder, with a slash at its end. Relative includes start there.
    private let folder: String

    /// - Parameters:
    ///   - main: the file to import.
    ///   - prefix: nginx's folder; nil: the one above the file that has an nginx.conf, or the file's own.
    init(main: String, prefix: String?) {
        if let prefix {
            folder = prefix.hasSuffix("/") ? prefix : prefix + "/"
            return
        }
        let slash = main.lastIndex(of: "/")
        let own = slash.map { String(main[...$0]) } ?? ""
        let isMain = main == own + "nginx.conf"
        folder = isMain ? own : Self.nginxFolder(above: own) ?? own
    }

    /// The nearest folder of a file in conf.d or sites-enabled that has an nginx.conf; nil: there is none.
    private static func nginxFolder(above own: String) -> String? {
        var folder = own
        for _ in 0...2 {
            if access("\(folder)nginx.conf", R_OK) == 0 { return folder }
            let name = folder.dropLast().split(separator: "/").last ?? ""
            if name.isEmpty || name.hasPrefix(".") {
                folder += "../"
            } else {
                folder = String(folder.dropLast(name.utf8.count + 1))
            }
        }
        return nil
    }

    /// A path without the folder, if it is below it.
    func shown(_ path: String) -> String {
        !folder.isEmpty && path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
    }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    /// - Throws: if the file cannot be read or is too large.
    func read(_ path: String) throws(Unreadable) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw Unreadable(description: "\(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: NginxLimits.maxFileBytes + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        if ferror(file) != 0 { throw Unreadable(description: "\(path): \(String(cString: strerror(errno)))") }
        guard count <= NginxLimits.maxFileBytes else {
            throw Unreadable(description: "\(path): larger than \(NginxLimits.maxFileBytes >> 20) MiB")
        }
        return Array(bytes[..<count])
    }

    /// Whether the folder of a pattern exists, up to the first part that is a pattern itself.
    private static func foldersExist(_ pattern: String) -> Bool {
        var folder = ""
        for part in pattern.split(separator: "/", omittingEmptySubsequences: false).dropLast() {
            if part.contains(where: { "*?[".contains($0) }) { break }
            folder += part + "/"
        }
        return folder.isEmpty || access(folder, F_OK) == 0
    }

    /// Reads the files of an `include`: one file, or those that match a pattern, in name order.
    func find(_ pattern: String) -> NginxInclude {
        let path = pattern.hasPrefix("/") ? pattern : folder + pattern
        guard path.contains(where: { "*?[".contains($0) }) else {
            do throws(Unreadable) {
                return .files([(shown(path), try read(path))])
            } catch {
                return .unreadable(error.description)
            }
        }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(path, 0, nil, &found) == 0, let paths = found.gl_pathv else {
            return Self.foldersExist(path) ? .files([]) : .unreadable("\(path): its folder does not exist")
        }
        var files: [(name: String, bytes: [UInt8])] = []
        for index in 0..<min(Int(found.gl_pathc), NginxLimits.maxFiles) {
            guard let text = paths[index] else { continue }
            let path = String(cString: text)
            do throws(Unreadable) {
                files.append((shown(path), try read(path)))
            } catch {
                return .unreadable(error.description)
            }
        }
        return .files(files)
    }
}
