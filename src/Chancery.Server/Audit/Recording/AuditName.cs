namespace Chancery.Server.Audit.Recording;

/// <summary>What a route is called in the record; carried by the route.</summary>
/// <param name="Action">Thing and what happened to it, as in <c>document.deleted</c>; null where nothing is recorded.</param>
/// <param name="Why">Why success is not recorded.</param>
internal sealed record AuditName(string? Action, string? Why)
{
    /// <summary>Whether success is recorded only where the handler said who it was.</summary>
    public bool OnlyWhenTold { get; init; }
}

/// <summary>How routes say what they are called. Every route that changes something says one or the other; a test walks them.</summary>
public static class AuditNameExtensions
{
    /// <summary>
    /// Every call by somebody who is known goes to the record before its answer does. The subject is the route's <c>id</c>, or
    /// the id at the end of the answer's Location.
    /// </summary>
    public static TBuilder Audited<TBuilder>(this TBuilder route, string action)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new AuditName(action, null));

    /// <summary>Success is not recorded, for a reason; refusals are.</summary>
    public static TBuilder NotAudited<TBuilder>(this TBuilder route, string why)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new AuditName(null, why));

    /// <summary>
    /// For ways in and out: recorded where what the route calls says who it was (<see cref="AuditNotes.By"/>), whatever credential
    /// came along.
    /// </summary>
    public static TBuilder AuditedWhenTold<TBuilder>(this TBuilder route, string action)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new AuditName(action, null) { OnlyWhenTold = true });
}
