/// Causes that had another name in an earlier version: a case that still has the old name gets an
/// error that gives the new one.
enum RenamedCause {
    /// The new name of each old one.
    static let names = [
        "dns_error": "name_error",
        "dns_timeout": "name_timeout",
        "invalid_answer": "invalid_response",
        "answer_incomplete": "response_incomplete",
        "answer_head_too_large": "response_head_too_large",
    ]
}
