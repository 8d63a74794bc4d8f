namespace Chancery.Server.Platform.Http;

/// <summary>Why nothing, or not all, was fetched from a stranger's address.</summary>
public enum GuardedFailure
{
    /// <summary>It is no address of the web: another scheme, a name and password in it, no sensible host.</summary>
    Address,

    /// <summary>The port is neither 80, 443 nor one that the operator allows.</summary>
    Port,

    /// <summary>
    /// The host leads to no public server: unknown, or inside. These two are one on purpose, since telling them apart would
    /// tell a stranger which names exist inside.
    /// </summary>
    NotPublic,

    /// <summary>
    /// The address itself says that it leads inside, without anybody being asked: an address of a private network or of this
    /// machine, or a name that only such networks have.
    /// </summary>
    Inside,

    /// <summary>The name could not be asked for just now.</summary>
    NameService,

    /// <summary>Nobody accepts the connection.</summary>
    Unreachable,

    /// <summary>The certificate does not hold, or no secure connection came about.</summary>
    Tls,

    /// <summary>Redirects lead round in a circle, or on and on.</summary>
    RedirectLoop,

    /// <summary>A redirect leads nowhere that could be followed.</summary>
    RedirectTarget,

    /// <summary>The time is up.</summary>
    TooSlow,

    /// <summary>More came than may come.</summary>
    TooLarge,

    /// <summary>What came is no proper answer, or broke off.</summary>
    Broken,
}

/// <summary>A guarded fetch did not come to its end. The message holds no address and nothing of the answer.</summary>
public sealed class GuardedHttpException(GuardedFailure failure, Exception? inner = null)
    : Exception($"The fetch ended: {failure}.", inner)
{
    public GuardedFailure Failure { get; } = failure;

    /// <summary>Whether the same fetch may succeed later.</summary>
    public bool IsTransient =>
        Failure
            is GuardedFailure.NameService
                or GuardedFailure.Unreachable
                or GuardedFailure.TooSlow
                or GuardedFailure.Broken;
}
