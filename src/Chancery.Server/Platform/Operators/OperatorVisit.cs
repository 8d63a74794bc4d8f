namespace Chancery.Server.Platform.Operators;

/// <summary>How a request proved that it is an operator's.</summary>
internal enum OperatorWay
{
    /// <summary>A token as bearer, which no browser sends by itself.</summary>
    Token,

    /// <summary>The console's cookie.</summary>
    Pass,

    /// <summary>Nothing but coming from the machine itself.</summary>
    AtTheMachine,
}

/// <summary>An operator who is let in. A feature of the request from then on.</summary>
/// <param name="OperatorId">Null for the setting's token, and at the machine.</param>
/// <param name="Name">Of the operator, as given on the machine; else of the way.</param>
internal sealed record OperatorVisit(Guid? OperatorId, string Name, OperatorWay Way)
{
    /// <summary>
    /// Of those without an id: which token of the setting it was, as a digest, or that it was none. Null for an operator with an id.
    /// </summary>
    public string? Mark { get; init; }
}
