namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>What an archive does with a table that holds rows of tenants. Exactly one of <see cref="LeftBecause"/> and the rest.</summary>
/// <param name="Name">As PostgreSQL has it.</param>
internal sealed record ArchivedTableRule(string Name)
{
    /// <summary>Why its rows stay behind; null for a table whose rows go along.</summary>
    public string? LeftBecause { get; init; }

    /// <summary>Columns of ids that are of things in the tenant, or of nobody's account: they are kept.</summary>
    public string Ids { get; init; } = "";

    /// <summary>Columns of ids that may be a person's, one or a list: they become those of the person's account where they come in.</summary>
    public string People { get; init; } = "";

    /// <summary>Whether a row gives its person something here, so that it has to be one whom the archive itself brings.</summary>
    public bool IsOfMembers { get; init; }

    /// <summary>Columns of JSON in which people's ids stand.</summary>
    public string PeopleWithin { get; init; } = "";

    /// <summary>Columns of JSON without people's ids.</summary>
    public string Json { get; init; } = "";

    /// <summary>Columns of bytes that are no secret: hashes, vectors, positions of words.</summary>
    public string Bytes { get; init; } = "";

    /// <summary>A column that names stored files by their SHA-256: the files go along.</summary>
    public string Files { get; init; } = "";

    /// <summary>Columns that are sealed by the tenant's data key: opened on the way out, sealed by another key on the way in.</summary>
    public string Sealed { get; init; } = "";

    /// <summary>Columns that mean nothing under other keys: random bytes take their place where they come in, which nothing fits.</summary>
    public string Replaced { get; init; } = "";

    /// <summary>Columns that stay behind, and are null, or have their default, where the row comes in.</summary>
    public string Dropped { get; init; } = "";

    /// <summary>Which rows go along, as SQL over the row <c>t</c>; what comes in has to fulfil it, too. Null: all.</summary>
    public string? Only { get; init; }

    /// <summary>What is written over columns of the rows that came in, as SQL: <c>column = expression</c>. Null: nothing.</summary>
    public string? Afterwards { get; init; }

    /// <summary>A column that goes along as something else, as SQL: name and expression.</summary>
    public (string Column, string Sql)? As { get; init; }

    /// <summary>Whether each row is seen by one principal only (<c>principal_id</c>).</summary>
    public bool IsOfPrincipals { get; init; }

    public bool IsCarried => LeftBecause is null;

    public static IReadOnlyList<string> Names(string list) =>
        list.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public static ArchivedTableRule Left(string name, string because) => new(name) { LeftBecause = because };
}
