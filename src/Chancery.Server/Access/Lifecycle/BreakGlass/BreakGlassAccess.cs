namespace Chancery.Server.Access.Lifecycle.BreakGlass;

/// <summary>The operator's access by which a request comes.</summary>
/// <param name="OperatorId">Null for the token of the setting, and for whoever sits at the machine.</param>
public sealed record BreakGlassAccess(Guid AccessId, Guid? OperatorId, string OperatorName);
