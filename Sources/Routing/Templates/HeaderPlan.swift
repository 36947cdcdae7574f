/// Compiled fields to set: `set_headers`, and those of `response_headers`.
enum HeaderPlan: Sendable {
    /// Nothing to fill in: the same array for every request.
    case fixed([(name: [UInt8], value: [UInt8])])
    case templates([(name: [UInt8], value: Template)])

    init(_ fields: [(name: [UInt8], value: Template)]) {
        var fixed: [(name: [UInt8], value: [UInt8])] = []
        for field in fields {
            guard let literal = field.value.literal else {
                self = .templates(fields)
                return
            }
            fixed.append((field.name, literal))
        }
        self = .fixed(fixed)
    }

    /// Nil: they differ from request to request.
    var fixedFields: [(name: [UInt8], value: [UInt8])]? {
        if case .fixed(let fields) = self { fields } else { nil }
    }

    var dependsOnHostAlone: Bool {
        switch self {
        case .fixed: true
        case .templates(let fields): fields.allSatisfy(\.value.dependsOnHostAlone)
        }
    }

    func fields(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures
    ) throws(Refusal.Reason) -> [(name: [UInt8], value: [UInt8])] {
        switch self {
        case .fixed(let fields):
            return fields
        case .templates(let templates):
            var fields: [(name: [UInt8], value: [UInt8])] = []
            fields.reserveCapacity(templates.count)
            for template in templates {
                var value: [UInt8] = []
                try template.value.expand(key, captured, into: &value)
                fields.append((template.name, value))
            }
            return fields
        }
    }
}
