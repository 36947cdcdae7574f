import HTTP1

/// A field as far as it has a meaning.
struct FieldMeaning: Equatable {
    var id: FieldID
    var name: [UInt8]
    var value: [UInt8]
    var hopByHop: Bool

    init(_ field: Field, _ bytes: [UInt8]) {
        id = field.id
        name = bytes.slice(field.name)
        value = bytes.slice(field.value)
        hopByHop = field.hopByHop
    }

    var line: PlainHead.Line { PlainHead.Line(name: PlainHead.lower(name), value: value) }
}

/// All that a request's head says, free of where in which buffer it said so.
struct RequestMeaning: Equatable {
    var kind: MethodKind
    var method: [UInt8]
    /// As it is passed on: in origin form, or `*`.
    var target: [UInt8]
    var host: [UInt8]
    var version: HTTPVersion
    var framing: BodyFraming
    var keepAlive: Bool
    var wantsUpgrade: Bool
    var upgradeIsH2C: Bool
    var expectsContinue: Bool
    var maxForwards: UInt64?
    var fields: [FieldMeaning]
    var length: Int

    init(_ head: RequestHead, _ bytes: [UInt8]) {
        kind = head.method
        method = bytes.slice(head.methodRange)
        target =
            head.form == .asterisk ? [0x2A] : (head.needsSlash ? [0x2F] : []) + bytes.slice(head.originForm)
        host = bytes.slice(head.host)
        version = head.version
        framing = head.framing
        keepAlive = head.keepAlive
        wantsUpgrade = head.wantsUpgrade
        upgradeIsH2C = head.upgradeIsH2C
        expectsContinue = head.expectsContinue
        maxForwards = head.maxForwards
        fields = head.fields.map { FieldMeaning($0, bytes) }
        length = head.length
    }
}
