import HTTP1
import ProxyCore
import Routing
import Testing

@Suite struct FailureMappingTests {
    @Test(arguments: [
        (RequestError.badMethod, Failure.Reason.malformedRequest, 400),
        (.tlsHandshake, .malformedRequest, 400),
        (.http2Preface, .malformedRequest, 400),
        (.methodNotAllowed, .methodNotAllowed, 405),
        (.badTarget, .malformedRequest, 400),
        (.targetTooLong, .uriTooLong, 414),
        (.badVersion, .malformedRequest, 400),
        (.versionNotSupported, .versionNotSupported, 505),
        (.missingHost, .malformedRequest, 400),
        (.severalHosts, .malformedRequest, 400),
        (.badHost, .malformedRequest, 400),
        (.unknownExpectation, .expectationFailed, 417),
        (.traceWithBody, .malformedRequest, 400),
        (.headTooLarge, .headTooLarge, 431),
        (.field(.tooMany), .headTooLarge, 431),
        (.field(.tooLarge), .headTooLarge, 431),
        (.field(.bareCR), .malformedRequest, 400),
        (.framing(.unknownCoding), .notImplemented, 501),
        (.framing(.lengthAndCoding), .malformedRequest, 400),
    ]
    )
    func `A request head has the cause of its mistake`(
        error: RequestError,
        reason: Failure.Reason,
        status: Int
    ) {
        let failure = Failure(error)
        #expect(failure.reason == reason && failure.status == status)
        #expect(failure.message == error.message && failure.detail == error.token)
        #expect(failure.side == .downstream)
    }

    @Test func `A body keeps the mistake, and has the side that sent it`() {
        let error = BodyError.badChunkSize
        #expect(Failure(requestBody: error).reason == .malformedRequest)
        #expect(Failure(requestBody: .trailer(.tooMany)).reason == .headTooLarge)
        #expect(Failure(responseBody: error).reason == .invalidResponse)
        #expect(Failure(responseBody: .trailer(.tooMany)).reason == .invalidResponse)
        #expect(Failure(responseBody: error).detail == "chunk_size_invalid")
        #expect(
            Failure(.responseIncomplete, cause: Failure(responseBody: error)).detail == "chunk_size_invalid"
        )
    }

    @Test func `A response head has the cause of its mistake`() {
        #expect(Failure(ResponseError.headTooLarge).reason == .responseHeadTooLarge)
        #expect(Failure(ResponseError.field(.tooMany)).reason == .responseHeadTooLarge)
        #expect(Failure(ResponseError.field(.badName)).reason == .invalidResponse)
        #expect(Failure(ResponseError.badStatus).detail == "status_invalid")
    }

    @Test(arguments: Refusal.Reason.allCases)
    func `A refusal has the status that the routing library gives it`(reason: Refusal.Reason) {
        let failure = Failure(Refusal(reason: reason, ruleName: nil))
        #expect(failure.status == reason.status && failure.reason.rawValue == reason.token)
    }

    @Test func `Only a connection that never was leaves the request to another endpoint`() {
        let connecting = Failure.Reason.allCases.filter(\.isConnectFailure)
        #expect(
            connecting == [
                .connectionRefused, .connectTimeout, .unroutable, .connectFailed, .tlsFailed, .tlsCertificate,
                .tlsAlert,
            ]
        )
    }
}
