namespace Chancery.Server.Access.Organizations;

/// <summary>What models are told of personal data in questions, passages and conversations.</summary>
public static class PersonalDataToModels
{
    /// <summary>All of it.</summary>
    public const string AsIs = "as_is";

    /// <summary>Placeholders, in whose place the data stands again in the answer.</summary>
    public const string Pseudonyms = "pseudonyms";

    public static bool IsOne(string text) => text is AsIs or Pseudonyms;
}
