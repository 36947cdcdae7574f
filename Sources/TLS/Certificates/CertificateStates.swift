import Settings
import SystemSupport

/// Which files there are for some settings, and in which states they are: taken before the files are read, so that a
/// change during it is another state.
package struct CertificateStates: Equatable, Sendable {
    struct Item: Equatable, Sendable {
        let files: CertificateSettings.Pair
        /// Where it was found; nil: the settings name it.
        let folder: String?
        /// Nil: there is no file.
        let certificate: FileStamp?
        let key: FileStamp?

        init(_ files: CertificateSettings.Pair, folder: String? = nil) {
            self.files = files
            self.folder = folder
            certificate = FileStamp(files.certificate)
            key = files.key == files.certificate ? certificate : FileStamp(files.key)
        }
    }

    /// The pairs of the settings, then those of each folder.
    private(set) var items: [Item]
    private(set) var folders: [String: CertificateFolder] = [:]

    init(_ settings: CertificateSettings) {
        items = settings.pairs.map { Item($0) }
        for path in settings.folders where folders[path] == nil {
            let folder = CertificateFolder(path)
            folders[path] = folder
            items += folder.pairs.map { Item($0, folder: path) }
        }
    }
}
