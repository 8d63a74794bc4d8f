namespace Chancery.Server.Access.Organizations;

/// <summary>What an organisation says about what models are told and write for it. Immutable.</summary>
/// <param name="PersonalData">What becomes of personal data that a model was not told: one of <see cref="PersonalDataRule"/>.</param>
/// <param name="LinkHosts">Where links may lead that a model was not told, as <see cref="Organizations.LinkHosts"/> reads them.</param>
/// <param name="PersonalDataTold">What models are told of personal data: one of <see cref="PersonalDataToModels"/>.</param>
internal sealed record AnswerRules(
    string PersonalData,
    IReadOnlyCollection<string> LinkHosts,
    string PersonalDataTold = PersonalDataToModels.AsIs
)
{
    /// <summary>Whether placeholders stand for personal data in what models are told.</summary>
    public bool HidesPersonalData => PersonalDataTold == PersonalDataToModels.Pseudonyms;

    /// <summary>Of an organisation that set nothing.</summary>
    public static AnswerRules Default { get; } = new(PersonalDataRule.Off, []);
}
