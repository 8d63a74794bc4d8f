using System.Text.Json;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Audit.Reading;

/// <summary>One entry of the record.</summary>
/// <param name="Seq">Its number in the organisation's chain, from 1 on without a gap.</param>
/// <param name="At">When it was, UTC.</param>
/// <param name="Action">Thing and what happened to it, as in <c>document.deleted</c>.</param>
/// <param name="Status">The HTTP status of the answer.</param>
/// <param name="Reason">The code of the problem that was answered.</param>
/// <param name="Repeats">How often, for what is counted by the minute.</param>
/// <param name="Address">The network address that it came from; left out when it was erased.</param>
/// <param name="TraceId">Under which logs and traces have the request.</param>
/// <param name="Details">A few words more, by name; never content.</param>
/// <param name="Erased">Whether the names beside it were erased.</param>
/// <param name="Hash">SHA-256 over the entry and the hash of the one before, in hexadecimal.</param>
public sealed record EntryView(
    long Seq,
    Guid Id,
    DateTimeOffset At,
    string Action,
    [property: OneOf(typeof(AuditOutcome))] string Outcome,
    int? Status,
    string? Reason,
    int Repeats,
    EntryActor Actor,
    EntrySubject? Subject,
    string? Address,
    string? TraceId,
    IReadOnlyDictionary<string, string>? Details,
    bool Erased,
    string Hash
)
{
    internal static EntryView Of(AuditEntry entry) =>
        new(
            entry.Seq,
            entry.EntryId,
            entry.At,
            entry.Action,
            entry.Outcome,
            entry.Status,
            entry.Reason,
            entry.Repeats,
            new EntryActor(
                entry.ActorKind,
                entry.ActorId,
                NullIfEmpty(entry.Name),
                NullIfEmpty(entry.Email),
                entry.CredentialKind,
                entry.CredentialId
            ),
            entry.SubjectKind is null && entry.SubjectId is null
                ? null
                : new EntrySubject(entry.SubjectKind, entry.SubjectId),
            NullIfEmpty(entry.Address),
            entry.TraceId,
            entry.Details is null ? null : DetailsOf(entry.Details),
            entry.ErasedAt is not null,
            Convert.ToHexStringLower(entry.Hash)
        );

    /// <summary>Every value as a text; of a list its items with commas.</summary>
    private static Dictionary<string, string> DetailsOf(string json)
    {
        using var details = JsonDocument.Parse(json);
        return details
            .RootElement.EnumerateObject()
            .ToDictionary(
                one => one.Name,
                one =>
                    one.Value.ValueKind == JsonValueKind.Array
                        ? string.Join(", ", one.Value.EnumerateArray().Select(item => item.ToString()))
                        : one.Value.ToString(),
                StringComparer.Ordinal
            );
    }

    private static string? NullIfEmpty(string? text) => text is { Length: > 0 } ? text : null;
}

/// <param name="Name">Left out for nobody known, and when it was erased.</param>
/// <param name="Credential">How they proved who they are: page, token, key, password, operator, machine, reset-link.</param>
/// <param name="CredentialId">Which sign-in, key or application; nothing that opens anything.</param>
public sealed record EntryActor(
    [property: OneOf(typeof(ActorKind))] string Kind,
    Guid? Id,
    string? Name,
    string? Email,
    string? Credential,
    string? CredentialId
);

/// <param name="Kind">What kind of thing, as in <c>document</c>.</param>
public sealed record EntrySubject(string? Kind, string? Id);
