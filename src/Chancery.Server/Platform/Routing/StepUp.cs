namespace Chancery.Server.Platform.Routing;

/// <summary>Marks a dangerous action, for which a person has to have proven lately who they are.</summary>
public sealed class StepUpMetadata
{
    internal static readonly StepUpMetadata Instance = new();
}

/// <summary>Marks what somebody may do who still has to set up, or give, the second factor that their organisation requires.</summary>
public sealed class OpenWithoutSecondFactorMetadata
{
    internal static readonly OpenWithoutSecondFactorMetadata Instance = new();
}

/// <summary>How routes say that they are dangerous, or the way out of danger.</summary>
public static class StepUpExtensions
{
    /// <summary>
    /// 403 <c>step-up-required</c> for a person, or a program that acts for one, whose sign-in is older than <c>STEP_UP_MAX_AGE</c>.
    /// An external issuer's access token says itself how old the sign-in is (<c>auth_time</c>), else it is refused. Keys, and programs as themselves, are nobody who could prove anything: their scopes say what they may.
    /// </summary>
    public static TBuilder NeedsStepUp<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(StepUpMetadata.Instance);

    /// <summary>Without it a route that takes a credential is closed to whoever lacks a second factor that is required.</summary>
    public static TBuilder OpenWithoutSecondFactor<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(OpenWithoutSecondFactorMetadata.Instance);
}
