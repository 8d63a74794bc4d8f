using System.Text.Json.Serialization;

namespace Chancery.Server.Commands.Doctor;

/// <summary>How bad a finding is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>The server runs, and something is weaker than it could be.</summary>
    Weak,

    /// <summary>The server does not start, or must not.</summary>
    Bad,
}

/// <summary>What one check found.</summary>
/// <param name="Subject">What was looked at, in a word or two.</param>
/// <param name="Verdict">Whether that is well.</param>
/// <param name="Found">What is there: a version, a path, an amount.</param>
/// <param name="Mend">What to do about it; null when there is nothing to do.</param>
public sealed record Finding(string Subject, Verdict Verdict, string Found, string? Mend = null)
{
    public static Finding Good(string subject, string found) => new(subject, Verdict.Good, found);

    public static Finding Weak(string subject, string found, string mend) => new(subject, Verdict.Weak, found, mend);

    public static Finding Bad(string subject, string found, string mend) => new(subject, Verdict.Bad, found, mend);
}
