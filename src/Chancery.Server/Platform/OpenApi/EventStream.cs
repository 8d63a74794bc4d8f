namespace Chancery.Server.Platform.OpenApi;

/// <summary>Describes a route that answers server-sent events: the name of each, what its data is, and when it comes.</summary>
/// <param name="HasJson">Whether the first type below is answered, too, as JSON, when the caller wants no events.</param>
internal sealed record EventStream(IReadOnlyList<StreamedEvent> Events, bool HasJson)
{
    /// <summary>
    /// The framework names and refers to the types of declared responses only, so each event is declared as the response
    /// of a status that does not exist, from this number on, and taken out again.
    /// </summary>
    public const int FirstStatus = 2000;
}

/// <param name="Data">The JSON in its data.</param>
/// <param name="When">A sentence for the reader of the description.</param>
internal sealed record StreamedEvent(string Name, Type Data, string When);

internal static class EventStreamExtensions
{
    /// <summary>Declares what the framework cannot see in a stream.</summary>
    public static RouteHandlerBuilder WithEvents(this RouteHandlerBuilder route, params StreamedEvent[] events) =>
        route.Declare([.. events.Select(one => one.Data)], new EventStream(events, HasJson: false));

    /// <summary>The same for a route that answers either events or one JSON document.</summary>
    public static RouteHandlerBuilder WithEventsOr<TJson>(
        this RouteHandlerBuilder route,
        params StreamedEvent[] events
    ) => route.Declare([typeof(TJson), .. events.Select(one => one.Data)], new EventStream(events, HasJson: true));

    private static RouteHandlerBuilder Declare(this RouteHandlerBuilder route, Type[] types, EventStream stream)
    {
        for (var at = 0; at < types.Length; at++)
        {
            route.WithMetadata(
                new ProducesResponseTypeMetadata(EventStream.FirstStatus + at, types[at], ["application/json"])
            );
        }

        return route.WithMetadata(stream);
    }
}
