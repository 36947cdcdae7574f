import Glibc

/// Where the program of this process is.
package enum ProgramPath {
    /// The path by which a shell or a service manager found it. It is not followed through symbolic links: a link may lead
    /// to another version by now.
    ///
    /// - Parameters:
    ///   - argument: the first word of the command line.
    ///   - folder: the folder of work at the start.
    ///   - searchPath: `PATH`.
    ///   - isExecutable: whether there is a program at a path.
    /// - Returns: nil where it cannot be found.
    package static func find(
        _ argument: String,
        in folder: String,
        searchPath: String,
        isExecutable: (String) -> Bool
    ) -> String? {
        if argument.hasPrefix("/") { return argument }
        if argument.contains("/") { return "\(folder)/\(argument)" }
        for place in searchPath.split(separator: ":", omittingEmptySubsequences: false) {
            let path = place.isEmpty ? "\(folder)/\(argument)" : "\(place)/\(argument)"
            if isExecutable(path) { return path.hasPrefix("/") ? path : "\(folder)/\(path)" }
        }
        return nil
    }

    /// Of this process. To be called at its start.
    package static var current: String? {
        guard let argument = CommandLine.arguments.first, let folder = workingFolder else {
            return executable
        }
        let search = getenv("PATH").map { String(cString: $0) } ?? ""
        return find(argument, in: folder, searchPath: search) { access($0, X_OK) == 0 } ?? executable
    }

    /// As seen from this process's folder of work.
    package static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(workingFolder ?? "")/\(path)"
    }

    private static var workingFolder: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }

    /// What runs, as the kernel knows it. A file that was replaced is marked: its path stays.
    private static var executable: String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        guard count > 0 else { return nil }
        let path = String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let mark = " (deleted)"
        return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
    }
}
