namespace Chancery.Server.Access.Organizations;

/// <summary>What becomes of personal data in answers that a model was not told.</summary>
public static class PersonalDataRule
{
    /// <summary>It is not looked for.</summary>
    public const string Off = "off";

    /// <summary>It stays, and the operator's figures count it.</summary>
    public const string Count = "count";

    /// <summary>A note stands in its place.</summary>
    public const string Redact = "redact";

    /// <summary>The answer ends before it.</summary>
    public const string Refuse = "refuse";

    public static bool IsOne(string text) => text is Off or Count or Redact or Refuse;
}
