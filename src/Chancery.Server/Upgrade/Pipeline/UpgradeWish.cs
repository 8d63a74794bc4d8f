using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Inference.Caching;

namespace Chancery.Server.Upgrade.Pipeline;

/// <summary>Who said something before.</summary>
internal static class HistoryRole
{
    public const string User = "user";
    public const string Assistant = "assistant";
    public const string System = "system";

    public static bool Has(string? role) => role is User or Assistant or System;
}

/// <summary>Something that was said before.</summary>
/// <param name="Role">One of <see cref="HistoryRole"/>.</param>
internal sealed record HistoryMessage(string Role, string Content);

/// <summary>Which parts of the pipeline work.</summary>
/// <param name="Summarises">A long history is summed up by a model; else its newest messages are told.</param>
/// <param name="Retrieves">Passages of the organisation's documents are looked for.</param>
/// <param name="Redacts">No model is shown personal data.</param>
/// <param name="FallsBack">Where no model answers, an earlier result or the prompt itself is given; else a problem.</param>
internal sealed record UpgradeSwitches(bool Summarises, bool Retrieves, bool Redacts, bool FallsBack);

/// <summary>What somebody wants to have upgraded.</summary>
/// <param name="Model">Null: that of the instructions, or the organisation's default.</param>
/// <param name="Freshness">What is wanted of the answer cache.</param>
internal sealed record UpgradeWish(
    string Prompt,
    IReadOnlyList<HistoryMessage> History,
    UpgradeSwitches Switches,
    string? Model,
    Guid[]? Documents,
    Guid[]? Collections,
    string[]? Tags,
    CacheFreshness Freshness
)
{
    /// <summary>SHA-256 of what decides the result, each part with its length before it.</summary>
    public byte[] Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in Parts())
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return hash.GetHashAndReset();
    }

    private IEnumerable<string> Parts() =>
        [
            Prompt,
            $"{Switches.Summarises} {Switches.Retrieves} {Switches.Redacts}",
            Model ?? "",
            string.Join(' ', (Documents ?? []).Order()),
            string.Join(' ', (Collections ?? []).Order()),
            // A tag may hold any character but this one.
            string.Join('\0', (Tags ?? []).Order(StringComparer.Ordinal)),
            .. History.SelectMany(message => (string[])[message.Role, message.Content]),
        ];
}
