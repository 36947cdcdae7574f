/// What is wrong with a field line, or with the field section as a whole. RFC 9112 §5, RFC 9110 §5.
package enum FieldError: Error, Hashable, Sendable, CaseIterable {
    /// A line that begins with a colon.
    case emptyName
    /// A byte in the name that is not a token byte.
    case badName
    /// White space between name and colon. RFC 9112 §5.1.
    case spaceBeforeColon
    /// A line that ends before any colon.
    case missingColon
    /// A line that begins with white space: an obsolete fold, or white space after the first line. RFC 9112 §5.2.
    case folded
    /// A control byte other than tab in the value, NUL and DEL among them.
    case badValue
    /// CR without LF. RFC 9112 §2.2.
    case bareCR
    /// LF without CR. RFC 9112 §2.2 allows it; Berth accepts it in response heads alone.
    case bareLF
    /// More lines than `HeadLimits.fields`.
    case tooMany
    /// More bytes than `HeadLimits.headBytes`.
    case tooLarge

    /// The word in the access log (`detail`); never renamed.
    package var token: String {
        switch self {
        case .emptyName: "field_name_empty"
        case .badName: "field_name_invalid"
        case .spaceBeforeColon: "space_before_colon"
        case .missingColon: "field_without_colon"
        case .folded: "field_line_folded"
        case .badValue: "field_value_invalid"
        case .bareCR: "bare_cr"
        case .bareLF: "bare_lf"
        case .tooMany: "too_many_fields"
        case .tooLarge: "fields_too_large"
        }
    }

    /// A constant sentence, without any byte from the peer.
    package var message: String {
        switch self {
        case .emptyName: "a field line has no name"
        case .badName: "a field name has an invalid byte"
        case .spaceBeforeColon: "there is white space between a field name and its colon"
        case .missingColon: "a field line has no colon"
        case .folded: "a field line begins with white space"
        case .badValue: "a field value has a control byte"
        case .bareCR: "a carriage return is not followed by a line feed"
        case .bareLF: "a line feed does not follow a carriage return"
        case .tooMany: "there are more field lines than the limit"
        case .tooLarge: "the field section is longer than the limit"
        }
    }
}
