import Glibc
import NginxImport

/// Finds and reads the files of an nginx configuration.
struct NginxFiles {
    /// The folder of nginx.conf. Relative includes start there.
    private let folder: String

    init(main: String) {
        let slash = main.lastIndex(of: "/")
        folder = slash.map { String(main[...$0]) } ?? ""
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
        guard glob(path, 0, nil, &found) == 0, let paths = found.gl_pathv else { return .files([]) }
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
