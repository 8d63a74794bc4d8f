using System.Globalization;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle;

/// <summary>Tells an organisation's owners that the operator saw, or took along, what is in it.</summary>
public interface IOperatorAccessNotice
{
    /// <summary>
    /// Tells them where letters go anywhere: the letters are on their way when it returns, and are tried again until they went.
    /// </summary>
    /// <param name="what">What the operator does, as it follows "the operator".</param>
    /// <param name="reason">Why, in the operator's words.</param>
    public Task TellAsync(TenantId tenant, string what, string reason, CancellationToken cancellationToken);

    /// <summary>Tells them, and answers when the letters went: how many did.</summary>
    /// <inheritdoc cref="TellAsync"/>
    public Task<int> TellNowAsync(TenantId tenant, string what, string reason, CancellationToken cancellationToken);
}

/// <summary>By letter. Safe for concurrent use.</summary>
internal sealed class OperatorAccessLetters(OwnerLetters letters, TimeProvider time) : IOperatorAccessNotice
{
    private const string Subject = "The operator saw what is in your organisation";

    public Task TellAsync(TenantId tenant, string what, string reason, CancellationToken cancellationToken) =>
        letters.QueueAsync(tenant, LetterOf(tenant, what, reason), cancellationToken);

    public Task<int> TellNowAsync(TenantId tenant, string what, string reason, CancellationToken cancellationToken) =>
        letters.SendNowAsync(tenant, LetterOf(tenant, what, reason), cancellationToken);

    private OwnerLetter LetterOf(TenantId tenant, string what, string reason) =>
        new(
            Subject,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                On {time.GetUtcNow():yyyy-MM-dd HH:mm} UTC the operator of this installation {what} ({tenant}).

                The reason given: {reason}

                You find it in your organisation's record, with who it was.

                """
            )
        );
}
