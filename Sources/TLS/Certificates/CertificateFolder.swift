import Glibc
import Settings

/// The certificates of a folder, by the names of its files.
///
/// - `NAME.pem`, `NAME.crt` or `NAME.cer` with its key in `NAME.key`, `NAME-key.pem` or in the same file;
/// - `fullchain.pem` with `privkey.pem`, and `tls.crt` with `tls.key`, also in its subfolders (certbot, Kubernetes).
///
/// Other files, and those whose names begin with a dot, have no meaning.
struct CertificateFolder: Equatable, Sendable {
    /// In the order of their names.
    private(set) var pairs: [CertificateSettings.Pair] = []
    private(set) var problems: [CertificateProblem] = []
    /// Keys without a certificate, as while both are replaced: what was read before is kept.
    private(set) var loneKeys: [String] = []

    /// Lists a folder. Blocks.
    init(_ path: String) {
        guard let names = Self.names(path) else {
            let code = errno
            let problem = CertificateProblem(path: path, Self.reason(code))
            problems.append(code == ENOTDIR ? problem : problem.absence)
            return
        }
        add(path, names)
        for name in names where Self.isFolder("\(path)/\(name)") {
            // What cannot be listed may be another's, as beside Let's Encrypt's own.
            guard let inner = Self.names("\(path)/\(name)") else { continue }
            addWellKnown("\(path)/\(name)", Set(inner))
        }
        if pairs.isEmpty, problems.isEmpty {
            problems.append(
                CertificateProblem(
                    path: path,
                    "there is no certificate in this folder",
                    hint: "a certificate is NAME.pem or NAME.crt, with its key in NAME.key"
                )
            )
        }
    }

    private mutating func add(_ folder: String, _ names: [String]) {
        let all = Set(names)
        addWellKnown(folder, all)
        // The other files of such a folder are parts of this pair.
        if all.contains("fullchain.pem") { return }
        var keys: Set<String> = []
        for name in names {
            guard let stem = Self.stem(name, Self.certificateEndings), !Self.isWellKnown(name, all) else {
                continue
            }
            if let owner = Self.stem(name, ["-key.pem"]),
                Self.certificateEndings.contains(where: { all.contains(owner + $0) })
            {
                continue
            }
            let key = [stem + ".key", stem + "-key.pem"].first { $0 != name && all.contains($0) }
            if let key { keys.insert(key) }
            pairs.append(.init(certificate: "\(folder)/\(name)", key: "\(folder)/\(key ?? name)"))
        }
        for name in names where name.hasSuffix(".key") && !keys.contains(name) && !Self.isWellKnown(name, all)
        {
            addLoneKey("\(folder)/\(name)", expected: String(name.dropLast(4)) + ".pem")
        }
    }

    /// The pair of a folder whose files have well-known names.
    private mutating func addWellKnown(_ folder: String, _ names: Set<String>) {
        for (certificate, key) in Self.wellKnown {
            if names.contains(certificate) {
                pairs.append(.init(certificate: "\(folder)/\(certificate)", key: "\(folder)/\(key)"))
            } else if names.contains(key) {
                addLoneKey("\(folder)/\(key)", expected: certificate)
            }
        }
    }

    private mutating func addLoneKey(_ path: String, expected: String) {
        loneKeys.append(path)
        problems.append(
            CertificateProblem(
                path: path,
                "there is no certificate beside this key",
                hint: "its name would be \(expected)"
            )
        )
    }

    private static let certificateEndings = [".pem", ".crt", ".cer"]
    private static let wellKnown = [("fullchain.pem", "privkey.pem"), ("tls.crt", "tls.key")]

    /// Whether a file is part of a well-known pair, or the authority beside it.
    private static func isWellKnown(_ name: String, _ all: Set<String>) -> Bool {
        wellKnown.contains { $0.0 == name || $0.1 == name } || name == "ca.crt" && all.contains("tls.crt")
    }

    private static func stem(_ name: String, _ endings: [String]) -> String? {
        endings.first { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }
            .map { String(name.dropLast($0.count)) }
    }

    /// The names in a folder, sorted; without hidden ones. Nil: it cannot be listed, and `errno` says why.
    private static func names(_ path: String) -> [String]? {
        guard let listing = opendir(path) else { return nil }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func reason(_ code: CInt) -> String {
        switch code {
        case ENOENT: "this folder does not exist"
        case ENOTDIR: "this is a file, not a folder"
        default: "this folder cannot be read: \(String(cString: strerror(code)))"
        }
    }
}
