using System.Text.Json;

namespace Chancery.Server.Platform.Backup;

/// <summary>The archive's first member: what must be known before anything else of it is read.</summary>
/// <param name="Format">Of the archive; a higher one is refused.</param>
/// <param name="Version">Of the product that made it.</param>
/// <param name="MadeAt">When the snapshot was taken.</param>
/// <param name="Migrations">The names of the applied migrations, in order.</param>
/// <param name="Extensions">PostgreSQL's extensions that the schema uses.</param>
/// <param name="PostgresMajor">Of the server that was dumped.</param>
/// <param name="Salt">Random; makes the keys of this archive its own.</param>
/// <param name="KeyCheck">Tells whether a master key is the archive's, without telling anything of it.</param>
/// <param name="HoldsMasterKey">Whether the operator asked for the master key to be in it.</param>
public sealed record BackupHeader(
    int Format,
    string Version,
    DateTimeOffset MadeAt,
    IReadOnlyList<string> Migrations,
    IReadOnlyList<string> Extensions,
    int PostgresMajor,
    string Salt,
    string KeyCheck,
    bool HoldsMasterKey
);

/// <summary>One table as the snapshot saw it.</summary>
/// <param name="Digest">Of the rows in any order, as PostgreSQL hashes their text.</param>
public sealed record BackedUpTable(string Name, long Rows, string Digest);

/// <summary>Where a tenant's content stood in the snapshot.</summary>
public sealed record BackedUpRevision(Guid TenantId, long Revision, Guid Token);

/// <summary>What the archive holds, written when all of it is known: an archive without it was cut off.</summary>
/// <param name="MembersSha256">Of the list of members: digest, size and name of each, a line each, in order.</param>
public sealed record BackupManifest(
    int Format,
    long DatabaseParts,
    long DatabaseBytes,
    long Blobs,
    long BlobBytes,
    long Members,
    string MembersSha256,
    IReadOnlyList<BackedUpTable> Tables,
    IReadOnlyList<BackedUpRevision> Revisions
);

/// <summary>The names of members, and how the manifest is written.</summary>
internal static class BackupFormat
{
    public const int Current = 1;
    public const string Header = "header.json";
    public const string Database = "database/";
    public const string Blobs = "blobs/";
    public const string MasterKey = "keys/master.key";
    public const string Members = "members.txt";
    public const string Manifest = "manifest.json";
    public const string Signature = "manifest.mac";

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public static string PartName(long number) => $"{Database}{number:d8}";

    public static string BlobName(Guid tenant, string sha256) => $"{Blobs}{tenant}/{sha256}";
}
