using System.Text.Json;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>The first member of an archive: what must be known before anything else of it is read.</summary>
/// <param name="Format">Of the archive; a higher one is refused.</param>
/// <param name="Version">Of the product that made it.</param>
/// <param name="MadeAt">When the snapshot was taken.</param>
/// <param name="TenantId">The organisation; its id is kept.</param>
/// <param name="Migrations">The names of the migrations that its tables are of, in order.</param>
/// <param name="Tables">The tables in the order in which they follow, and in which they can be written.</param>
/// <param name="SigningKeys">The public keys that the heads of its record were signed with.</param>
internal sealed record ArchiveHeader(
    int Format,
    string Version,
    DateTimeOffset MadeAt,
    Guid TenantId,
    string Name,
    IReadOnlyList<string> Migrations,
    IReadOnlyList<ArchivedColumns> Tables,
    IReadOnlyList<ArchivedKey> SigningKeys
);

/// <summary>A table's columns in the order of a row's values.</summary>
internal sealed record ArchivedColumns(string Name, IReadOnlyList<string> Columns);

/// <param name="PublicKey">SubjectPublicKeyInfo, as base64.</param>
internal sealed record ArchivedKey(string KeyId, byte[] PublicKey);

/// <summary>The last member: what the archive holds. One without it was cut off.</summary>
/// <param name="MissingFiles">Stored files that were named and not on the disk, by SHA-256.</param>
internal sealed record ArchiveManifest(
    IReadOnlyList<ArchivedTable> Tables,
    long Files,
    long FileBytes,
    IReadOnlyList<string> MissingFiles
);

/// <param name="Sha256">Of its rows' lines, in order.</param>
internal sealed record ArchivedTable(string Name, long Rows, string Sha256);

/// <summary>The names of members, and how they are written.</summary>
internal static class ArchiveFormat
{
    public const int Current = 1;
    public const string Header = "header.json";
    public const string Files = "files/";
    public const string Tables = "tables/";

    /// <summary>A part ends with the row that reaches it.</summary>
    public const int PartBytes = 1024 * 1024;

    /// <summary>In bytes; the longest page of the largest document is below.</summary>
    public const int LargestRow = 64 * 1024 * 1024;
    public const string Manifest = "manifest.json";

    /// <summary>The people of the organisation, who are rows of no tenant.</summary>
    public const string People = "people";

    public static readonly IReadOnlyList<string> PeopleColumns = ["user_id", "email", "name", "created_at"];

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static string PartName(string table, int number) => $"{Tables}{table}/{number:d8}.jsonl";
}
