/// Where the certificates of a listener are: `tls` of `listeners`.
package struct CertificateSettings: Sendable, Hashable {
    /// The files of one certificate, PEM.
    package struct Pair: Sendable, Hashable {
        /// The server's own certificate first, then those of its issuers.
        package var certificate: String
        /// May be the same file.
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// In the order of the file; of two certificates with one name, the first counts.
    package var pairs: [Pair]
    /// Folders of certificates, after the pairs. docs/tls.md says which files in them are read.
    package var folders: [String]
    /// A name of one of the certificates, `*.test.priv`: for clients that send no name, or one that no certificate has.
    /// Nil: they are refused.
    package var defaultName: String?

    package init(pairs: [Pair] = [], folders: [String] = [], defaultName: String? = nil) {
        self.pairs = pairs
        self.folders = folders
        self.defaultName = defaultName
    }
}
