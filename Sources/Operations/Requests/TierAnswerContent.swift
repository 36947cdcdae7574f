import FoundationEssentials

/// What a tier answers the one before it about a request.
struct TierAnswerContent: Codable, Sendable {
    /// Nil: the tier keeps no such request.
    var part: RequestReport.TierPart?

    var encoded: [UInt8] {
        guard let data = try? ControlResponse.encoder.encode(self) else { return Array("{}".utf8) }
        return Array(data)
    }

    /// Reads an answer. It is not more trusted than the endpoint that it came from: its texts are for people.
    static func part(of content: [UInt8]) throws(TierAnswerError) -> RequestReport.TierPart {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let answer = try? decoder.decode(TierAnswerContent.self, from: Data(content)) else {
            throw TierAnswerError(
                message: "the tier at the endpoint answers in another form: use the same version of berth"
            )
        }
        guard let part = answer.part else {
            throw TierAnswerError(
                message:
                    "the tier at the endpoint keeps no request with this id: it did not arrive, or later ones took its place"
            )
        }
        return part
    }
}

/// Why an answer is of no use.
struct TierAnswerError: Error {
    let message: String
}
