package publiccode

import "strings"

// Statuses are the values of developmentStatus.
func Statuses() []string { return []string{"concept", "development", "beta", "stable", "obsolete"} }

// kinds are the values of softwareType.
func kinds() []string {
	return []string{"standalone/mobile", "standalone/iot", "standalone/desktop", "standalone/web", "standalone/backend", "standalone/other",
		"addon", "library", "configurationFiles"}
}

// maintenances are the values of maintenance/type.
func maintenances() []string { return []string{"internal", "contract", "community", "none"} }

// Versions are the versions of the standard that are read; the newest comes last. "0" is the newest of all 0.x.
func Versions() []string {
	return []string{"0", "0.2", "0.2.0", "0.2.1", "0.2.2", "0.3", "0.3.0", "0.4", "0.4.0", "0.5", "0.5.0"}
}

// Newest is the version that is written.
const Newest = "0.5"

// categories is the standard's list of categories of software.
func categories() []string {
	return strings.Fields(`accounting agile-project-management applicant-tracking application-development appointment-scheduling backup
billing-and-invoicing blog budgeting business-intelligence business-process-management cad call-center-management cloud-management
collaboration communications compliance-management contact-management content-management crm customer-service-and-support data-analytics
data-collection data-visualization design design-system digital-asset-management digital-citizenship document-management donor-management
e-commerce e-signature educational-content email-management email-marketing employee-management enterprise-project-management
enterprise-social-networking erp event-management facility-management feedback-and-reviews-management financial-reporting fleet-management
fundraising gamification geographic-information-systems grant-management graphic-design help-desk hr ide identity-management
instant-messaging inventory-management it-asset-management it-development it-management it-security it-service-management
knowledge-management learning-management-system marketing mind-mapping mobile-marketing mobile-payment network-management office
online-booking online-community payment-gateway payroll predictive-analysis procurement productivity-suite project-collaboration
project-management property-management real-estate-management remote-support resource-management sales-management seo service-desk
social-media-management survey talent-management task-management taxes-management test-management time-management time-tracking translation
video-conferencing video-editing visitor-management voip warehouse-management web-collaboration web-conferencing website-builder
whistleblowing workflow-management`)
}

// scopes is the standard's list of fields of application.
func scopes() []string {
	return strings.Fields(`agriculture culture defence education emergency-services employment energy environment
finance-and-economic-development foreign-affairs government healthcare infrastructures justice local-authorities manufacturing research
science-and-technology security society sport tourism transportation welfare`)
}
