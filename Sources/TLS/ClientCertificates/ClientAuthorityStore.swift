/// The CAs of clients that a tier's rules and listeners name, by the paths of their files.
package typealias ClientAuthorityStore = FileStore<ClientAuthorityFile>

/// A file of `client_certificates`.
package struct ClientAuthorityFile: StoredFiles {
    package let path: String

    package init(_ path: String) { self.path = path }

    package var paths: [String?] { [path] }

    package func read(now: Int) throws(CertificateProblem) -> TrustedAuthorities {
        try TrustedAuthorities.read(path, of: .clients, now: now)
    }
}

extension FileStore where Files == ClientAuthorityFile {
    /// Reads and checks all files. Blocks.
    ///
    /// - Parameter now: seconds since 1970; nil: the time of this machine.
    /// - Throws: every problem of every file.
    package convenience init(_ paths: Set<String>, now: Int? = nil) throws(CertificateFailure) {
        self.init()
        install(try prepare(paths, now: now))
    }

    /// Reads what is not in force yet. Blocks.
    ///
    /// - Throws: every problem; then all stays as it is.
    package func prepare(_ paths: Set<String>, now: Int? = nil) throws(CertificateFailure) -> Replacement {
        do throws(FileStoreFailure<Files>) {
            return try prepare(Set(paths.map(Files.init)), now: now)
        } catch {
            throw CertificateFailure(problems: error.problems.map(\.problem).sorted { $0.path < $1.path })
        }
    }

    /// - Returns: nil: no such file has been read; refuse the client.
    package subscript(path: String) -> TrustedAuthorities? { self[Files(path)] }
}
