import Routing

/// Why a part of the configuration is not translated.
struct Untranslatable: Error {
    let what: String
    let position: SourceLocation
    let why: String

    init(_ what: String, at position: SourceLocation, _ why: String) {
        self.what = what
        self.position = position
        self.why = why
    }
}
