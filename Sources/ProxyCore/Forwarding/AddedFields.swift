/// Fields that Berth adds to a request, each at most once.
package struct AddedFields: OptionSet, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let forwardedFor = AddedFields(rawValue: 1)
    package static let forwardedProto = AddedFields(rawValue: 2)
    package static let forwardedPort = AddedFields(rawValue: 4)
    package static let forwardedHost = AddedFields(rawValue: 8)
    package static let requestID = AddedFields(rawValue: 16)
    /// An element of `Forwarded`, after those that a trusted proxy wrote.
    package static let forwarded = AddedFields(rawValue: 32)
    /// Of a client whose certificate is verified.
    package static let clientSubject = AddedFields(rawValue: 64)
    package static let clientFingerprint = AddedFields(rawValue: 128)

    /// The fields that a connection alone determines, where its peer is not trusted.
    package static let ofConnection: AddedFields = [.forwardedFor, .forwardedProto]
    package static let all: AddedFields = [
        .ofConnection, .forwardedPort, .forwardedHost, .requestID, .clientSubject, .clientFingerprint,
    ]

    /// Each field with its name in lower case.
    static let names: [(field: AddedFields, name: [UInt8])] = [
        (.forwardedFor, Array("x-forwarded-for".utf8)),
        (.forwardedProto, Array("x-forwarded-proto".utf8)),
        (.forwardedPort, Array("x-forwarded-port".utf8)),
        (.forwardedHost, Array("x-forwarded-host".utf8)),
        (.requestID, Array("x-request-id".utf8)),
        (.clientSubject, Array("x-client-cert-subject".utf8)),
        (.clientFingerprint, Array("x-client-cert-fingerprint".utf8)),
    ]
}
